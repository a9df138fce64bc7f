'use strict';
// Used by registry.cjs. Versions that a lockfile names and the registry has no longer: something else is served in their
// place, and the digests of the lockfile have to be those of what is served. Plain ES5, for every Node since 0.12.
var crypto = require('crypto');
var http = require('http');

/** Requests at a time. */
var MOST_AT_ONCE = 8;

var LIST = {
  'package-lock.json': ofNpm,
  'npm-shrinkwrap.json': ofNpm,
  'pnpm-lock.yaml': ofPnpm,
  'yarn.lock': ofYarn,
  'bun.lock': ofBun,
};

/** Shorter texts may stand for anything else in a lockfile. */
var DIGEST = /^(?:sha\d{1,3}-[A-Za-z0-9+\/=]{4,}|[0-9a-f]{40})$/;

/** What a lockfile names: name, version and the digests that stand beside them, each as it is written. */
function listed(file, text) {
  if (LIST[file] === undefined) return [];
  return LIST[file](text).filter(function (one) {
    return one.digests.every(function (digest) {
      return DIGEST.test(digest);
    });
  });
}

function ofNpm(text) {
  var lock;
  try {
    lock = JSON.parse(text) || {};
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  var found = [];
  each(lock.packages, function (folder, one) {
    var at = folder.lastIndexOf('node_modules/');
    if (at >= 0) found.push(entry(one.name || folder.slice(at + 'node_modules/'.length), one));
  });
  ofTables(lock.dependencies, found);
  return found.filter(Boolean);
}

/** The form of npm until 6: dependencies within dependencies. */
function ofTables(table, found) {
  each(table, function (name, one) {
    found.push(entry(name, one));
    ofTables(one.dependencies, found);
  });
}

/** The entries of a table that are objects: a lockfile may hold anything. */
function each(table, use) {
  Object.keys(table !== null && typeof table === 'object' ? table : {}).forEach(function (key) {
    if (table[key] !== null && typeof table[key] === 'object') use(key, table[key]);
  });
}

function entry(name, one) {
  if (typeof one.integrity !== 'string' || typeof one.version !== 'string') return null;
  return { name: name, version: one.version, digests: [one.integrity] };
}

/** Every match of an expression of three groups: name, version, digest. */
function matches(text, expression) {
  var found = [];
  for (var match; (match = expression.exec(text)) !== null;)
    found.push({ name: match[1], version: match[2], digests: [match[3]] });
  return found;
}

// `/name/1.0.0:`, `/name@1.0.0:` and `name@1.0.0:`, the first until pnpm 7, with peers behind a `_` or in brackets.
function ofPnpm(text) {
  return matches(
    text,
    /^ {2}'?\/?((?:@[^\s\/'"@]+\/)?[^\s\/'"@]+)[@\/](\d[^\s'"(:_]*)[^\n]*:\r?\n(?: {4}[^\n]*\n)*? {4}resolution: \{integrity: ([^\s,}]+)/gm
  );
}

function ofBun(text) {
  return matches(text, /\["((?:@[^"@\/]+\/)?[^"@\/]+)@([^"]+)", [^\n]*"(sha\d+-[^"]+)"\]/g);
}

/** Of classic yarn only: berry is told not to check. */
function ofYarn(text) {
  return text
    .replace(/\r\n/g, '\n')
    .split('\n\n')
    .map(function (block) {
      var name = /^"?((?:@[^\s\/@"]+\/)?[^\s\/@",]+)@/m.exec(block);
      var version = /^ {2}version "([^"]+)"/m.exec(block);
      var digests = [
        /^ {2}integrity (\S+)/m.exec(block),
        /^ {2}resolved "[^"]+#([0-9a-f]{40})"/m.exec(block),
      ];
      if (name === null || version === null) return null;
      return {
        name: name[1],
        version: version[1],
        digests: digests.filter(Boolean).map(function (one) {
          return one[1];
        }),
      };
    })
    .filter(Boolean);
}

function get(address, done) {
  http
    .get(address, function (response) {
      var parts = [];
      response.on('data', function (part) {
        parts.push(part);
      });
      response.on('end', function () {
        done(response.statusCode, Buffer.concat(parts));
      });
    })
    .on('error', function (error) {
      throw error;
    });
}

/** As the digest that it replaces is written: of yarn's addresses in hexadecimal digits, else as integrity. */
function digestLike(old, bytes) {
  var isPlain = /^[0-9a-f]{40}$/.test(old);
  var hash = crypto.createHash(isPlain ? 'sha1' : 'sha512').update(bytes);
  return isPlain ? hash.digest('hex') : 'sha512-' + hash.digest('base64');
}

/**
 * The text of a lockfile with the digests of what is served for versions that the registry does not have.
 *
 * @param registry its address, with a slash at the end
 */
exports.replaced = function (registry, file, text, done) {
  var queue = listed(file, text);
  var running = 0;
  var changed = text;
  function replaceDigests(one, bytes) {
    one.digests.forEach(function (old) {
      changed = changed.split(old).join(digestLike(old, bytes));
    });
  }
  function ended() {
    running -= 1;
    next();
  }
  function check(one) {
    get(registry + one.name + '/' + one.version, function (status) {
      if (status !== 404) return ended();
      var file = one.name.split('/').pop() + '-' + one.version + '.tgz';
      get(registry + one.name + '/-/' + file, function (found, bytes) {
        if (found === 200) replaceDigests(one, bytes);
        ended();
      });
    });
  }
  function next() {
    while (running < MOST_AT_ONCE && queue.length > 0) {
      running += 1;
      check(queue.shift());
    }
    if (running === 0 && queue.length === 0) done(changed);
  }
  next();
};
