import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeTerminal, show, showAscii } from '../../../src/cli/terminal.ts'
import { MemoryStream } from './fake-session.ts'

test('text of strangers cannot move, hide or reorder anything on the screen', () => {
  const cases: [string, string][] = [
    ['plain name.iso', 'plain name.iso'],
    ['\x1b[2J\x1b]0;pwn\x07', '\\x1b[2J\\x1b]0;pwn\\x07'],
    ['a\rb\nc\td', 'a\\x0db\\x0ac\\x09d'],
    ['del\x7f', 'del\\x7f'],
    ['csi\u009b31m', 'csi\\x9b31m'],
    ['invoice\u202efdp.exe', 'invoice\\u{202e}fdp.exe'],
    ['x\u200by\ufeff', 'x\\u{200b}y\\u{feff}'],
    ['line\u2028para\u2029', 'line\\u{2028}para\\u{2029}'],
    ['lone\ud800', 'lone\\u{d800}'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
    ['数据集 é 🎉', '数据集 é 🎉'],
  ]
  for (const [foreign, shown] of cases) assert.equal(show(foreign), shown)
})

test('very long foreign text is cut', () => {
  assert.equal(show('x'.repeat(5_000_000)).length, 4099)
})

test('a terminal that shows ASCII only gets ASCII only', () => {
  assert.equal(showAscii('数é\n'), '\\u{6570}\\xe9\\x0a')
  assert.equal(describeTerminal(new MemoryStream(), {}, 'auto').clean('é'), '\\xe9')
  assert.equal(describeTerminal(new MemoryStream(), { LANG: 'de_DE.UTF-8' }, 'auto').clean('é'), 'é')
  assert.equal(
    describeTerminal(new MemoryStream(), { LC_ALL: 'C', LANG: 'de_DE.UTF-8' }, 'auto').isUtf8,
    false,
  )
})

test('colours only on a terminal that has them, unless the user says so', () => {
  const tty = new MemoryStream({ isTTY: true, columns: 80 })
  const pipe = new MemoryStream()
  assert.equal(describeTerminal(tty, {}, 'auto').useColor, true)
  assert.equal(describeTerminal(pipe, {}, 'auto').useColor, false)
  assert.equal(describeTerminal(tty, { NO_COLOR: '1' }, 'auto').useColor, false)
  assert.equal(describeTerminal(tty, { NO_COLOR: '' }, 'auto').useColor, true)
  assert.equal(describeTerminal(tty, { TERM: 'dumb' }, 'auto').useColor, false)
  assert.equal(describeTerminal(tty, {}, 'never').useColor, false)
  assert.equal(describeTerminal(pipe, { NO_COLOR: '1' }, 'always').useColor, true)
})

test('bars need a terminal whose cursor moves', () => {
  const tty = new MemoryStream({ isTTY: true, columns: 80 })
  assert.equal(describeTerminal(tty, {}, 'auto').canRedraw, true)
  assert.equal(describeTerminal(tty, { TERM: 'dumb' }, 'auto').canRedraw, false)
  assert.equal(describeTerminal(new MemoryStream(), {}, 'always').canRedraw, false)
})

test('a terminal without a width counts as 80 columns', () => {
  const tty = new MemoryStream({ isTTY: true, columns: 0 })
  const terminal = describeTerminal(tty, {}, 'auto')
  assert.equal(terminal.width(), 80)
  tty.columns = 120
  assert.equal(terminal.width(), 120)
})

test('emoji that are joined into one picture stay joined; a joiner elsewhere is shown', () => {
  assert.equal(show('👩\u200d👧 ❤\ufe0f\u200d🔥'), '👩\u200d👧 ❤\ufe0f\u200d🔥')
  assert.equal(show('a\u200db \u200d👧 👩\u200d'), 'a\\u{200d}b \\u{200d}👧 👩\\u{200d}')
})
