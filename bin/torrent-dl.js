#!/usr/bin/env node
// The command's entry: everything else is compiled from src/ (see src/cli/main.ts).
import { main } from '../dist/src/cli/main.js'

process.exitCode = await main(process.argv.slice(2))
