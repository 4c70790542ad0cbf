#!/usr/bin/env node
// The command's entry: everything else is src/, compiled and then bundled into few files, which load faster
// (docs/decisions/0005). CommonJS, as package.json in this folder says: Node's loader of modules takes 7 ms to start.
const { main } = require('../dist/bundle/main.cjs')

// exit, not exitCode: whatever is still open (a socket, a timer) must not hold a finished download back.
main(process.argv.slice(2)).then((code) => process.exit(code))
