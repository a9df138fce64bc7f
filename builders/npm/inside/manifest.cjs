'use strict';
// Runs before packing, in the folder of a package: manifest.cjs FIELD VALUE
//
// Sets a text field of package.json the way release tools do that write the manifest anew (write-pkg): dependencies in
// alphabetical order, the indentation and the final newline as they were. Plain ES5, for every Node since 0.12.
var fs = require('fs');

var field = process.argv[2];
var value = process.argv[3];
var TABLES = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];

var text = fs.readFileSync('package.json', 'utf8');
var manifest = JSON.parse(text.replace(/^\ufeff/, ''));
manifest[field] = value;
TABLES.forEach(function (name) {
  var table = manifest[name];
  if (!table || typeof table !== 'object' || Array.isArray(table)) return;
  var sorted = {};
  Object.keys(table)
    .sort()
    .forEach(function (key) {
      sorted[key] = table[key];
    });
  manifest[name] = sorted;
});
var indentation = /^[ \t]+(?=")/m.exec(text);
var end = /\n$/.test(text) ? '\n' : '';
fs.writeFileSync('package.json', JSON.stringify(manifest, null, indentation ? indentation[0] : 2) + end);
