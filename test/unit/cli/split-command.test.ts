import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitCommand } from '../../../src/cli/split-command.ts'
import { UsageError } from '../../../src/common/errors.ts'

test('words are separated by blanks; quotes and backslashes work as in a shell', () => {
  for (const [text, words] of [
    ['./done.sh', ['./done.sh']],
    ['  mv  -t\tdir\n', ['mv', '-t', 'dir']],
    [`sh -c 'mv "$A" /srv; echo'`, ['sh', '-c', 'mv "$A" /srv; echo']],
    [`a "b c" d'e f'g`, ['a', 'b c', 'de fg']],
    [`a "say \\"hi\\" \\$HOME \\\\ \\n"`, ['a', 'say "hi" $HOME \\ \\n']],
    [`a b\\ c \\"d \\|`, ['a', 'b c', '"d', '|']],
    [`a '' ""`, ['a', '', '']],
    [`a ~ *.iso {x} #y é数`, ['a', '~', '*.iso', '{x}', '#y', 'é数']],
  ] as const) {
    assert.deepEqual(splitCommand(text), words, text)
  }
})

test('what is no command, or one for a shell, is refused with a reason', () => {
  for (const [text, reason] of [
    ['', /empty/],
    ['   ', /empty/],
    [`''`, /empty/],
    [`a 'b`, /open ' quote/],
    ['a "b', /open " quote/],
    ['a \\', /backslash/],
    ['a\0b', /NUL/],
    ['x'.repeat(40_000), /characters/],
    ['echo $TORRENT_DL_PATH', /'\$'.*sh -c/],
    ['echo "$TORRENT_DL_PATH"', /'\$'/],
    ['a | b', /'\|'/],
    ['a > b', /'>'/],
    ['a && b', /'&'/],
    ['a `b`', /'`'/],
  ] as const) {
    assert.throws(
      () => splitCommand(text),
      (error) => error instanceof UsageError && reason.test(error.message),
      text,
    )
  }
})
