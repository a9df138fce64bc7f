'use strict';
// Runs before packing, in the folder of a package: tables.cjs JSON
//
// Puts tables of package.json in the place of those of the same names, as they are given: {"dependencies": {...}}. What a
// build has taken out stays out. Plain ES5, for every Node since 0.12.
var fs = require('fs');

var tables = JSON.parse(process.argv[2]);
var text = fs.readFileSync('package.json', 'utf8');
var manifest = JSON.parse(text.replace(/^\ufeff/, ''));
Object.keys(tables).forEach(function (name) {
  if (manifest[name] !== undefined) manifest[name] = tables[name];
});
fs.writeFileSync('package.json', JSON.stringify(manifest, null, 2) + '\n');
