'use strict';
// Runs in the sandbox: deflate.cjs INPUT OUTPUT_FOLDER LEVEL...
//
// Writes the raw deflate stream of a file, as whatever runs this compresses it, to OUTPUT_FOLDER/LEVEL/stream. Plain
// ES5, for every Node since 0.12.
var fs = require('fs');
var path = require('path');
var zlib = require('zlib');

var data = fs.readFileSync(process.argv[2]);
process.argv.slice(4).forEach(function (level) {
  var folder = path.join(process.argv[3], level);
  fs.mkdirSync(folder);
  fs.writeFileSync(
    path.join(folder, 'stream'),
    zlib.deflateRawSync(data, { level: Number(level), memLevel: 8 })
  );
});
