'use strict';
// Runs in fetch steps, below the forwarder:
//   registry.cjs REGISTRY_URL [--without=NAME,...] [--git={"SPEC":"PLACE",...}] [--stand-ins] COMMAND [ARGUMENT...]
//
// Package managers take a registry from many places, and some follow the addresses of a lockfile without asking. This
// writes the registry into the configuration of the home folder, points the addresses of artifacts in the lockfiles of the
// current folder, and in its manifest and those below it, to it, runs the command, puts the files back as they were and ends
// as the command ends. An address keeps everything from the package's name on: what is served for it is checked by the
// package manager against the lockfile's own digest, where a lockfile has one. Dependencies named by --without are taken out
// of the manifests, and out of npm's lockfile, meanwhile; what --git names is replaced there, and in the other lockfiles, by
// the address at which the registry serves it. With --stand-ins the digests in the lockfiles are those of what is served for versions that are gone.
// Plain ES5, for every Node since 0.12.
var fs = require('fs');
var path = require('path');
var spawn = require('child_process').spawn;
var standIns = require('./stand-ins.cjs');

var registry = process.argv[2];
var command = process.argv.slice(3);
var options = {};
for (var option; (option = /^--(?:(without|git)=([^]*)|(stand-ins))$/.exec(command[0])); command.shift())
  options[option[1] || option[3]] = option[2] || true;
var git = JSON.parse(options.git || '{}');
var LOCKFILES = [
  'yarn.lock',
  'pnpm-lock.yaml',
  'package-lock.json',
  'npm-shrinkwrap.json',
  'bun.lock',
  'bun.lockb',
];
// An artifact's address ends in `<name>/-/<file>.tgz`, whatever the registry; before the name a path may stand.
var ADDRESS =
  /https?:\/\/[^\s"'#/]+\/(?:[^\s"'#@]*?\/)??((?:@[^\s"'#/]+(?:\/|%2[fF]))?[^\s"'#/@]+\/-\/[^\s"'#]+?\.tgz)/g;

// A line of bun's lockfile: a package, and what it was taken from.
var BUN_PACKAGE = /^\s*"[^"]*": \["(?:@[^"@]+)?[^"@]*@([^"]+)".*\r?\n/gm;
// The host of an artifact's address in bun's binary lockfile, in which texts follow one another without anything between.
var BUN_BINARY_HOST =
  /https?:\/\/[A-Za-z0-9.:-]+\/(?=(?:@[A-Za-z0-9._~-]+(?:\/|%2[fF]))?[A-Za-z0-9._~-]+\/-\/)/g;
// In bun's lockfile an empty address stands for npm's own registry, whatever is configured.
var BUN_DEFAULT = /\["((?:@[^"@\/]+\/)?([^"@\/]+))@([^"]+)", "",/g;

function has(table, key) {
  return Object.prototype.hasOwnProperty.call(table, key);
}

function addressOf(spec) {
  return registry + '-/git/' + git[spec] + '.tgz';
}

/** An address as long as the one it stands for: places in the file are told by numbers. The registry looks past the folder. */
function padded(address) {
  var missing = address.length - registry.length;
  if (missing === 0) return registry;
  return missing < 2 ? address : registry + new Array(missing).join('_') + '/';
}

/** Artifacts of any registry are those of this one. */
function fromHere(text) {
  return text.replace(ADDRESS, function (_all, artifact) {
    return registry + artifact;
  });
}

function redirect(name, text) {
  if (name === 'bun.lockb') return text.replace(BUN_BINARY_HOST, padded);
  var redirected = fromHere(text);
  // Text, so only whole addresses: a short form could stand for anything. The longest first, as one may begin another.
  Object.keys(git)
    .filter(function (spec) {
      return spec.indexOf('://') > 0 && !/^package-lock|shrinkwrap/.test(name);
    })
    .sort(function (a, b) {
      return b.length - a.length;
    })
    .forEach(function (spec) {
      redirected = redirected.split(spec).join(addressOf(spec));
    });
  if (name !== 'bun.lock') return redirected;
  // Bun looks up anew what is not there; an address in place of a commit has another form.
  redirected = redirected.replace(BUN_PACKAGE, function (line, source) {
    return has(git, source) ? '' : line;
  });
  return redirected.replace(BUN_DEFAULT, function (_all, full, base, version) {
    var address = registry + full + '/-/' + base + '-' + version + '.tgz';
    return '["' + full + '@' + version + '", "' + address + '",';
  });
}

function write(name, text) {
  fs.writeFileSync(path.join(process.env.HOME, name), text);
}

write(
  '.npmrc',
  'registry=' + registry + '\nreplace-registry-host=always\nmanage-package-manager-versions=false\n'
);
write('.yarnrc', 'registry "' + registry + '"\ndisable-self-update-check true\n');

var originals = {};

function replace(name, before, after) {
  originals[name] = before;
  fs.writeFileSync(name, after, 'latin1');
}

/** The text of a file of the folder, a character for each byte; null when there is no such file. */
function textOf(name) {
  try {
    return fs.lstatSync(name).isFile() ? fs.readFileSync(name, 'latin1') : null;
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

LOCKFILES.forEach(function (name) {
  var text = textOf(name);
  var redirected = text === null ? null : redirect(name, text);
  if (redirected !== text) replace(name, text, redirected);
});

// Peers too: some package managers install them by themselves.
var TABLES = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies', 'requires'];

// `"x": "npm:y@range"`: y under the name of x.
var ALIAS = /^npm:((?:@[^/@]+\/)?[^/@]+)(?:@|$)/;

function withoutTables(fields, names) {
  TABLES.forEach(function (table) {
    var ranges = fields[table];
    if (!ranges || typeof ranges !== 'object') return;
    Object.keys(ranges).forEach(function (name) {
      var alias = ALIAS.exec(ranges[name]);
      if (names.indexOf(name) !== -1 || (alias && names.indexOf(alias[1]) !== -1)) delete ranges[name];
    });
  });
}

/** Members of a workspace lie deeper in no repository of people. */
var DEPTH = 4;

/** A package.json in a folder and in those below it, as far as they are folders of the repository. */
function manifestsBelow(folder, depth) {
  var below = fs.readdirSync(folder).filter(function (name) {
    return name !== 'node_modules' && name !== '.git' && fs.lstatSync(path.join(folder, name)).isDirectory();
  });
  return below.reduce(
    function (all, name) {
      return depth === 0 ? all : all.concat(manifestsBelow(path.join(folder, name), depth - 1));
    },
    [path.join(folder, 'package.json')]
  );
}

/** Changes a JSON file for as long as the command runs; one that is no JSON is left to the package manager. */
function edit(name, change) {
  var text = fs.existsSync(name) && fs.lstatSync(name).isFile() ? fs.readFileSync(name, 'utf8') : null;
  if (text === null) return;
  var fields;
  try {
    fields = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    if (error instanceof SyntaxError) return;
    throw error;
  }
  if (fields === null || typeof fields !== 'object') return;
  var unchanged = JSON.stringify(fields);
  change(fields);
  if (JSON.stringify(fields) === unchanged) return;
  var before = originals[name] === undefined ? Buffer.from(text, 'utf8').toString('latin1') : originals[name];
  replace(name, before, Buffer.from(JSON.stringify(fields, null, 2), 'utf8').toString('latin1'));
}

/** Every value that is a spec by its address; digests beside one are those of something else. */
function replaceSpecs(fields) {
  Object.keys(fields).forEach(function (key) {
    var value = fields[key];
    if (value !== null && typeof value === 'object') replaceSpecs(value);
    if (typeof value !== 'string' || !has(git, value)) return;
    fields[key] = addressOf(value);
    if (key === 'resolved' || key === 'version') {
      delete fields.integrity;
      delete fields.from;
    }
  });
}

var manifests = manifestsBelow('.', DEPTH);

// Dependencies and overrides may be addresses of artifacts.
manifests.forEach(function (name) {
  var text = textOf(name);
  if (text !== null && fromHere(text) !== text) replace(name, text, fromHere(text));
});

if (options.git) {
  manifests.concat('package-lock.json', 'npm-shrinkwrap.json').forEach(function (file) {
    edit(file, replaceSpecs);
  });
}

if (options.without) {
  var names = options.without.split(',');
  manifests.forEach(function (manifest) {
    edit(manifest, function (fields) {
      withoutTables(fields, names);
    });
  });
  // The form of npm 7 and later: every package by its folder.
  edit('package-lock.json', function (lock) {
    Object.keys(lock.packages || {}).forEach(function (folder) {
      var isNamed = names.some(function (name) {
        return new RegExp('(^|/)node_modules/' + name.replace(/[.]/g, '\\.') + '(/|$)').test(folder);
      });
      if (isNamed) delete lock.packages[folder];
      else withoutTables(lock.packages[folder], names);
    });
  });
}

function restore() {
  Object.keys(originals).forEach(function (name) {
    fs.writeFileSync(name, originals[name], 'latin1');
  });
}

/** Lockfile by lockfile, and then goes on. */
function withStandIns(files, done) {
  if (files.length === 0) return done();
  var name = files[0];
  var text = textOf(name);
  if (text === null) return withStandIns(files.slice(1), done);
  standIns.replaced(registry, name, text, function (changed) {
    if (changed !== text) replace(name, has(originals, name) ? originals[name] : text, changed);
    withStandIns(files.slice(1), done);
  });
}

function run() {
  var child = spawn(command[0], command.slice(1), { stdio: 'inherit' });
  child.on('error', function (error) {
    process.stderr.write('registry.cjs: ' + error.message + '\n');
    process.exit(127);
  });
  child.on('exit', function (code, signal) {
    restore();
    process.exit(signal ? 1 : code);
  });
}

if (options['stand-ins']) withStandIns(LOCKFILES, run);
else run();
