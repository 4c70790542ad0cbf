#!/usr/bin/env node
// The command's entry: everything else is src/, compiled and then bundled into few files, which load faster
// (docs/decisions/0005).
import { main } from '../dist/bundle/main.js'

// exit, not exitCode: whatever is still open (a socket, a timer) must not hold a finished download back.
process.exit(await main(process.argv.slice(2)))
