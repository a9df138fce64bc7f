'use strict';
// Runs in pack steps, in the folder that is packed: version-in-files.cjs PLACEHOLDER VERSION PATH... -- COMMAND [ARGUMENT...]
//
// Writes the VERSION in the place of every PLACEHOLDER of the files, as release tools do with what was built, and runs the
// command. Plain ES5, for every Node since 0.12.
var fs = require('fs');
var spawnSync = require('child_process').spawnSync;

var words = process.argv.slice(2);
var divider = words.indexOf('--');
var placeholder = words[0];
var version = words[1];
var command = words.slice(divider + 1);

words.slice(2, divider).forEach(function (file) {
  if (!fs.existsSync(file) || !fs.lstatSync(file).isFile()) return;
  fs.writeFileSync(file, fs.readFileSync(file, 'latin1').split(placeholder).join(version), 'latin1');
});

var done = spawnSync(command[0], command.slice(1), { stdio: 'inherit' });
if (done.error) process.stderr.write('version-in-files.cjs: ' + done.error.message + '\n');
process.exit(done.status === null ? 1 : done.status);
