'use strict';
// Runs in build steps, in the folder of a package: chain.cjs SCRIPT
//
// Runs the links of a script of package.json, `a && b && c`, each whether or not the ones before it succeeded: a check
// in the middle that cannot work here (coverage, sizes, something on the network) must not keep what follows from being
// made. Fails when every link fails. Plain ES5, for every Node since 0.12.
var fs = require('fs');
var path = require('path');
var spawnSync = require('child_process').spawnSync;

var manifest = JSON.parse(fs.readFileSync('package.json', 'utf8').replace(/^\ufeff/, ''));
var links = String(manifest.scripts[process.argv[2]]).split(/&&|;/);

function binFolders() {
  var folders = [];
  for (var at = process.cwd(); ; at = path.dirname(at)) {
    folders.push(path.join(at, 'node_modules', '.bin'));
    if (at === path.dirname(at)) return folders;
  }
}

var env = {};
Object.keys(process.env).forEach(function (name) {
  env[name] = process.env[name];
});
env.PATH = binFolders().concat(env.PATH).join(':');
env.npm_package_name = String(manifest.name);
env.npm_package_version = String(manifest.version);

var failures = links.filter(function (link) {
  process.stderr.write('$ ' + link.trim() + '\n');
  var done = spawnSync('sh', ['-c', link], { env: env, stdio: 'inherit' });
  if (done.status !== 0) process.stderr.write('chain.cjs: that link failed\n');
  return done.status !== 0;
});
process.exit(failures.length === links.length ? 1 : 0);
