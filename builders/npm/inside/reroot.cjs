'use strict';
// Runs before packing, in the folder of a package: reroot.cjs FOLDER [FIELD,...]
//
// Makes FOLDER, which a build has filled, a package of its own, as release tools do that publish from there: the manifest without
// the FIELDs, and with what leads into FOLDER leading there from within; and what people read beside it. Plain ES5, for every Node
// since 0.12.
var fs = require('fs');
var path = require('path');

var folder = process.argv[2];
var dropped = (process.argv[3] || '').split(',');
var FOR_PEOPLE = /^(?:readme|licen[cs]e|copying|notice)(?:[-.][\w.-]*)?$/i;
// Tables of names and ranges; and what says of a publication where it is made from.
var KEPT = /^(?:.*[dD]ependencies|scripts|publishConfig|files|repository)$/;

function within(text) {
  var start = text.indexOf('./') === 0 ? './' : '';
  var rest = text.slice(start.length);
  return rest.indexOf(folder + '/') === 0 ? start + rest.slice(folder.length + 1) : text;
}

function led(value) {
  if (typeof value === 'string') return within(value);
  if (Array.isArray(value)) return value.map(led);
  if (value === null || typeof value !== 'object') return value;
  var made = {};
  Object.keys(value).forEach(function (key) {
    made[within(key)] = led(value[key]);
  });
  return made;
}

var text = fs.readFileSync('package.json', 'utf8');
var manifest = JSON.parse(text.replace(/^\ufeff/, ''));
var made = {};
Object.keys(manifest).forEach(function (key) {
  if (dropped.indexOf(key) >= 0) return;
  made[key] = KEPT.test(key) ? manifest[key] : led(manifest[key]);
});
var indentation = /^[ \t]+(?=")/m.exec(text);
var end = /\n$/.test(text) ? '\n' : '';
var written = JSON.stringify(made, null, indentation ? indentation[0] : 2) + end;
fs.writeFileSync(path.join(folder, 'package.json'), written);
fs.readdirSync('.').forEach(function (name) {
  var target = path.join(folder, name);
  if (!FOR_PEOPLE.test(name) || !fs.lstatSync(name).isFile() || fs.existsSync(target)) return;
  fs.writeFileSync(target, fs.readFileSync(name));
});
