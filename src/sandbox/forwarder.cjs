'use strict';
// Runs in fetch steps: forward.js COMMAND [ARGUMENT...]
//
// Such a step has no network but a loopback interface of its own. This listens there, pipes every connection to the
// registry proxy's unix socket, runs the command, and ends as the command ends. Plain ES5, for every Node since 0.12.
var net = require('net');
var os = require('os');
var spawn = require('child_process').spawn;

var PORT = 4873;
var SOCKET = '/run/registry/registry.sock';

var argv = process.argv.slice(2);
if (argv.length === 0) {
  process.stderr.write('forward.js: no command\n');
  process.exit(127);
}

var server = net.createServer({ allowHalfOpen: true }, function (client) {
  var upstream = net.connect({ path: SOCKET, allowHalfOpen: true });
  client.on('error', function () {
    upstream.destroy();
  });
  upstream.on('error', function (error) {
    process.stderr.write('forward.js: ' + error.message + '\n');
    client.destroy();
  });
  client.pipe(upstream);
  upstream.pipe(client);
});

server.on('error', function (error) {
  process.stderr.write('forward.js: ' + error.message + '\n');
  process.exit(126);
});

server.listen(PORT, '127.0.0.1', function () {
  var child = spawn(argv[0], argv.slice(1), { stdio: 'inherit' });
  child.on('error', function (error) {
    process.stderr.write('forward.js: ' + error.message + '\n');
    process.exit(127);
  });
  child.on('exit', function (code, signal) {
    process.exit(signal ? 128 + numberOf(signal) : code);
  });
});

function numberOf(signal) {
  var table = (os.constants && os.constants.signals) || process.binding('constants');
  return table[signal] || 0;
}
