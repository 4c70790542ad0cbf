#!/usr/bin/env node
// The command's entry: everything else is compiled from src/ (see src/cli/main.ts).
import { main } from '../dist/src/cli/main.js'

// exit, not exitCode: whatever is still open (a socket, a timer) must not hold a finished download back.
process.exit(await main(process.argv.slice(2)))
