'use strict';
// Runs in pack steps: pack-folder.cjs [--own-first] [--root=FOLDER] [--copy=FILE...] FOLDER NAME [PATH...] -- COMMAND [ARGUMENT...]
//
// Some builds lay a whole package out in a folder of their own, manifest included, and publish from there. This looks
// below FOLDER for the folder whose package.json has the NAME and that holds most of the PATHs, and runs the command
// there; where there is none, below the root; where there is none either, in FOLDER itself, and with --own-first also where
// FOLDER holds as many. An archive that the build itself has packed there is taken out first, and the FILEs are copied there.
// Plain ES5, for every Node since 0.12.
var fs = require('fs');
var path = require('path');
var spawnSync = require('child_process').spawnSync;

var DEPTH = 4;
var words = process.argv.slice(2);
var isOwnFirst = words[0] === '--own-first';
if (isOwnFirst) words.shift();
var ROOT = '--root=';
var root = words[0].slice(0, ROOT.length) === ROOT ? words.shift().slice(ROOT.length) : null;
var COPY = '--copy=';
var copies = [];
while (words[0].slice(0, COPY.length) === COPY) copies.push(words.shift().slice(COPY.length));
var divider = words.indexOf('--');
var folder = words[0];
var name = words[1];
var paths = words.slice(2, divider);
var command = words.slice(divider + 1);

function foldersBelow(directory, depth) {
  if (depth === 0) return [];
  return fs
    .readdirSync(directory)
    .filter(function (entry) {
      return entry !== 'node_modules' && entry !== '.git' && isFolder(path.join(directory, entry));
    })
    .reduce(function (all, entry) {
      var found = path.join(directory, entry);
      return all.concat([found], foldersBelow(found, depth - 1));
    }, []);
}

function isFolder(file) {
  return fs.lstatSync(file).isDirectory();
}

function manifestIn(directory) {
  try {
    return JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8')) || {};
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return {};
    throw error;
  }
}

function score(directory) {
  return paths.filter(function (file) {
    return fs.existsSync(path.join(directory, file));
  }).length;
}

var least = isOwnFirst ? score(folder) : 0;

/** The folder below another that holds most, if more than the package's own has to. */
function bestBelow(directory) {
  return foldersBelow(directory, DEPTH)
    .filter(function (one) {
      return manifestIn(one).name === name && score(one) > least;
    })
    .sort(function (a, b) {
      return score(b) - score(a) || a.length - b.length || (a < b ? -1 : 1);
    })[0];
}

var place = bestBelow(folder) || (root !== null && bestBelow(root)) || folder;
process.stderr.write('pack-folder.cjs: packing ' + place + '\n');
var archive = path.join(
  place,
  name.replace('@', '').replace('/', '-') + '-' + manifestIn(place).version + '.tgz'
);
if (place !== folder) {
  if (fs.existsSync(archive)) fs.unlinkSync(archive);
  copies.forEach(function (file) {
    fs.writeFileSync(path.join(place, path.basename(file)), fs.readFileSync(file));
  });
}
var argv = command.map(function (word) {
  return word === folder ? place : word;
});
var cwd = process.cwd() === folder ? place : process.cwd();
var done = spawnSync(argv[0], argv.slice(1), { cwd: cwd, stdio: 'inherit' });
if (done.error) process.stderr.write('pack-folder.cjs: ' + done.error.message + '\n');
process.exit(done.status === null ? 1 : done.status);
