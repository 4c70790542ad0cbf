import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { describeCommand } from '../../../src/cli/command-model.ts'
import { manPage } from '../../../src/cli/man-page.ts'

function page(describe: (program: Command) => void): string[] {
  const program = new Command('torrent-dl').argument('<source...>', 'what')
  describe(program)
  return manPage(describeCommand(program), '1.2.3', '2026-11-24').split('\n')
}

test('the heading has version and date; the same definition gives the same page', () => {
  const lines = page(() => undefined)
  assert.equal(lines[1], '.TH TORRENT\\-DL 1 "2026-11-24" "torrent\\-dl 1.2.3" "User Commands"')
  assert.deepEqual(
    page(() => undefined),
    lines,
  )
})

test('text is text: backslashes, hyphens, quotes, and dots at the beginning of a line', () => {
  const lines = page((program) => {
    program.option('--odd-one <a>', `.TH \\fB it's "x" \`y\` ~ ^ -`)
  })
  const index = lines.indexOf('\\fB\\-\\-odd\\-one\\fR \\fIa\\fR')
  assert.equal(lines[index - 1], '.TP')
  assert.equal(lines[index + 1], '\\&.TH \\efB it\\(aqs "x" \\(gay\\(ga \\(ti \\(ha \\-.')
})

test('no line is longer than 80, and none that text was broken into is a macro', () => {
  const lines = page((program) => {
    program.option('--long', `${'.torrent '.repeat(100)}end`)
  })
  const wrapped = lines.filter((line) => line.includes('.torrent .torrent'))
  assert.ok(wrapped.length > 5)
  for (const line of wrapped) {
    assert.ok(line.length <= 80)
    assert.match(line, /^\\&\.torrent/)
  }
})

test('options stand in their groups, commands with their own', () => {
  const lines = page((program) => {
    program.optionsGroup('Where:').option('-o, --output <dir>', 'directory')
    program.command('info').description('shows it').argument('[file]').option('--json', 'as JSON')
  })
  const where = lines.indexOf('.SS "Where"')
  const commands = lines.indexOf('.SH "COMMANDS"')
  assert.ok(where > 0 && where < commands)
  assert.ok(lines.indexOf('\\fB\\-o\\fR, \\fB\\-\\-output\\fR \\fIdir\\fR') < commands)
  assert.ok(lines.includes('\\fBtorrent\\-dl\\fR \\fBinfo\\fR [\\fIoptions\\fR] [\\fIfile\\fR]'))
  assert.ok(lines.indexOf('\\fB\\-\\-json\\fR') > commands)
})
