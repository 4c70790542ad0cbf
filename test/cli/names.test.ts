/**
 * One name for one thing, everywhere: the options of the program, its help, README.md, the man page, the completions, the
 * configuration, and the names that were promised.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { describeCommand, spellingsOf } from '../../src/cli/command-model.ts'
import type { CommandModel, OptionModel } from '../../src/cli/command-model.ts'
import { describeProgram } from '../../src/cli/program.ts'
import { environmentSettings, fileSettings, variableOf } from '../../src/cli/setting-names.ts'
import { shareFiles } from '../../src/cli/share-files.ts'
import { COMMANDS, COMMAND_OPTIONS, NOT_OFFERED_YET, OPTIONS } from '../support/product-names.ts'
import { runCli } from '../support/run-cli.ts'

/** From dist/test/cli up to the root. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const definition = describeProgram()
const program = describeCommand(definition)
const everyCommand: readonly CommandModel[] = [program, ...program.commands]

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8')
}

/** `--output`; `-4` where there is no long name. */
function fullName({ long, short }: OptionModel): string {
  return long ?? short ?? ''
}

test('every option and command is one of those that were promised, under its promised names', () => {
  // Hidden ones are aliases.
  const all = definition.options.flatMap(({ short, long }) =>
    [short, long].filter((name) => name !== undefined),
  )
  const promised = new Map(Object.entries(OPTIONS).map(([name, others]) => [name, [name, ...others]]))
  const offered = [...promised].filter(([name]) => all.includes(name) || name === '--help')
  assert.deepEqual(
    [...all, '-h', '--help'].toSorted(),
    offered.flatMap(([, names]) => names).toSorted(),
    'options of the download',
  )
  for (const { name, options } of program.commands) {
    assert.ok(COMMANDS.includes(name), `command ${name} was not promised`)
    const own = [...(COMMAND_OPTIONS[name] ?? []), ...Object.keys(OPTIONS)]
    for (const option of options) assert.ok(own.includes(fullName(option)), `${name} ${fullName(option)}`)
  }
})

test('what is not offered yet is on the list of that, and nothing else is', () => {
  const offered = [...program.options.map(fullName), ...program.commands.map(({ name }) => name)]
  const missing = [...Object.keys(OPTIONS), ...COMMANDS].filter((name) => !offered.includes(name))
  assert.deepEqual(
    Object.keys(NOT_OFFERED_YET).toSorted(),
    missing.toSorted(),
    'NOT_OFFERED_YET in test/support/product-names.ts: take off what is offered now',
  )
})

test('help says the same, in 80 columns', async () => {
  for (const command of everyCommand) {
    const { stdout, code } = await runCli(command === program ? ['--help'] : [command.name, '--help'])
    assert.equal(code, 0)
    const shown = [...stdout.matchAll(/^ {2}(?:(-\w)(?:, |$| ) *| {4})?(--[\w-]+)?(?: <[^>]+>)? {2}/gm)]
      .map(([, short, long]) => long ?? short)
      .filter((name) => name !== undefined)
    assert.deepEqual(shown.toSorted(), command.options.map(fullName).toSorted(), command.name)
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, `${command.name}: ${line}`)
  }
})

test('each command has examples, which call that command', async () => {
  for (const { name } of program.commands) {
    const { stdout } = await runCli([name, '--help'])
    assert.match(stdout, new RegExp(`^Examples:\\n(  .*\\n)*  .*torrent-dl ${name} `, 'm'))
  }
})

test('the man page has every option of every command, and the commands', () => {
  const page = read('dist/share/man/man1/torrent-dl.1').replaceAll('\\-', '-').replaceAll('\\fR', '\\fB')
  const [download = '', commands = ''] = page.split('.SH "COMMANDS"')
  for (const command of everyCommand) {
    const text = command === program ? download : section(commands, `.SS "${command.name}"`)
    for (const option of command.options.filter(({ name }) => command === program || name !== 'help')) {
      const names = spellingsOf(option).map((name) => `\\fB${name}\\fB`)
      assert.ok(text.includes(`.TP\n${names.join(', ')}`), `${command.name} ${fullName(option)}`)
    }
  }
  for (const title of ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS', 'EXIT STATUS', 'ENVIRONMENT', 'FILES']) {
    assert.ok(page.includes(`\n.SH "${title}"\n`), title)
  }
})

test('the completions have every option of every command, and the commands', () => {
  const files = Object.entries(shareFiles('')).filter(([name]) => !name.startsWith('man/'))
  assert.equal(files.length, 3)
  for (const [name, text] of files) {
    for (const command of everyCommand) {
      assert.ok(text.includes(command.name), `${name}: ${command.name}`)
      for (const option of command.options) {
        const words = name.includes('fish') ? [`-l ${option.name}`, `-s ${option.name}`] : [fullName(option)]
        assert.ok(
          words.some((word) => text.includes(word)),
          `${name}: ${command.name} ${fullName(option)}`,
        )
      }
    }
  }
})

test('what the build put into dist/share is what the definition gives, the date apart', () => {
  for (const [name, text] of Object.entries(shareFiles(''))) {
    assert.equal(read(`dist/share/${name}`).replace(/^(\.TH \S+ 1 )"[\d-]*"/m, '$1""'), text, name)
  }
})

test('docs/configuration.md names what cannot be set, and its example is a good configuration', () => {
  const text = read('docs/configuration.md')
  const configurable = everyCommand.filter(({ options }) => options.some(({ name }) => name === 'config'))
  const all = configurable.flatMap(({ options }) => options)
  const settable = environmentSettings([definition, ...definition.commands])
  const never = new Set(all.map(({ name }) => name).filter((name) => !settable.has(name)))
  const line = /^Only on the command line: (.*)$/m.exec(text)?.[1] ?? ''
  const named = [...line.matchAll(/`--([\w-]+)`/g)].map(([, name = '']) => name)
  assert.deepEqual(named.toSorted(), [...never].toSorted())

  const inFile = fileSettings([definition, ...definition.commands])
  const example = JSON.parse(/^```json\n(.*?)^```$/ms.exec(text)?.[1] ?? '') as Record<string, unknown>
  assert.ok(Object.keys(example).length > 3)
  for (const key of Object.keys(example)) assert.ok(inFile.has(key), key)
  const variables = [...text.matchAll(/TORRENT_DL_[A-Z_]+/g)].map(([variable]) => variable)
  const known = new Set([...settable.keys()].map(variableOf))
  for (const variable of variables)
    assert.ok(known.has(variable) || variable === 'TORRENT_DL_OPTION', variable)
})

function section(text: string, heading: string): string {
  const start = text.indexOf(heading)
  assert.ok(start >= 0, heading)
  const end = text.slice(start + heading.length).search(/^\.S[SH] /m)
  return text.slice(start, end < 0 ? undefined : start + heading.length + end)
}
