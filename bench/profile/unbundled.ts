/** The command from its compiled sources rather than from its bundle, so that a profile names the files of src/. */
import { main } from '../../src/cli/main.ts'

process.exit(await main(process.argv.slice(2)))
