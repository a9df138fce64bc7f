'use strict';
// Runs in build and pack steps, as the shell of npm's scripts: command-prompt.cjs -c SCRIPT
//
// Runs a script as sh does, but for `echo TEXT > FILE`, which writes what the command prompt of Windows writes: TEXT as it
// stands, with its quotes and the space before the `>`, and CRLF. Texts with what the prompt replaces (^ and %) are left to
// sh. Plain ES5, for every Node since 0.12.
var spawnSync = require('child_process').spawnSync;

var QUOTED_OR_AND = /"[^"]*"|&&/g;
var ECHO = /^\s*echo ((?:"[^"^%]*"|[^"^%&|<>])*)(>>?)\s*([\w./\\-]+)\s*$/;

// Where && stands outside of quotes, which are double for the prompt.
function linksOf(script) {
  return script
    .replace(QUOTED_OR_AND, function (part) {
      return part === '&&' ? '\0' : part;
    })
    .split('\0');
}

function asPrompted(link) {
  var match = ECHO.exec(link);
  if (match === null) return link;
  var text = "'" + match[1].replace(/'/g, "'\\''") + "'";
  return "printf '%s\\r\\n' " + text + ' ' + match[2] + ' ' + match[3].replace(/\\/g, '/');
}

var script = linksOf(process.argv.slice(3).join(' ')).map(asPrompted).join('&&');
var done = spawnSync('sh', ['-c', script], { stdio: 'inherit' });
process.exit(done.status === null ? 1 : done.status);
