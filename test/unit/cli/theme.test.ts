import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeTerminal } from '../../../src/cli/terminal.ts'
import { COLORS_256, loadTheme } from '../../../src/cli/theme.ts'
import { MemoryStream } from './fake-session.ts'

/** xterm's palette from 16 on. @returns relative luminance, WCAG 2 */
function luminance(index: number): number {
  const cube = index - 16
  const levels =
    index >= 232
      ? [0, 0, 0].map(() => 8 + 10 * (index - 232))
      : [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((n) => (n === 0 ? 0 : 55 + 40 * n))
  const [red = 0, green = 0, blue = 0] = levels.map((level) => {
    const part = level / 255
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

test('each colour has a contrast of 3.8 : 1 at the least, on black and on white', () => {
  for (const [meaning, index] of Object.entries(COLORS_256)) {
    const light = luminance(index)
    assert.ok((light + 0.05) / 0.05 >= 3.8, `${meaning} on black`)
    assert.ok(1.05 / (light + 0.05) >= 3.8, `${meaning} on white`)
  }
})

async function paintIn(env: Record<string, string>): Promise<string> {
  const terminal = describeTerminal(new MemoryStream({ isTTY: true }), { LANG: 'C.UTF-8', ...env }, 'auto')
  return (await loadTheme(terminal)).paint('failed', 'x')
}

test('the 256 colours are used where they are, the 16 elsewhere, none with NO_COLOR', async () => {
  assert.equal(await paintIn({ TERM: 'xterm-256color' }), '\x1b[38;5;160mx\x1b[39m')
  assert.equal(await paintIn({ TERM: 'xterm', COLORTERM: 'truecolor' }), '\x1b[38;5;160mx\x1b[39m')
  assert.equal(await paintIn({ TERM: 'linux' }), '\x1b[31mx\x1b[39m')
  assert.equal(await paintIn({ TERM: 'xterm-256color', NO_COLOR: '1' }), 'x')
})
