import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStateDirectory } from '../../../src/cli/state-directory.ts'

function withRoot(run: (root: string) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  try {
    run(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

test('XDG_STATE_HOME wins over HOME; a relative one is ignored', () => {
  withRoot((root) => {
    const xdg = openStateDirectory({ XDG_STATE_HOME: join(root, 'xdg'), HOME: root }, root, 1)
    assert.deepEqual(xdg, { path: join(root, 'xdg/torrent-dl'), notice: undefined })
    const home = openStateDirectory({ XDG_STATE_HOME: 'relative', HOME: root }, root, 1)
    assert.deepEqual(home, { path: join(root, '.local/state/torrent-dl'), notice: undefined })
    assert.equal(statSync(home.path).mode & 0o777, 0o700)
  })
})

test('without a usable home a private temp directory serves, the same one each time, and the user is told', () => {
  withRoot((root) => {
    const userId = process.getuid?.()
    const first = openStateDirectory({}, root, userId)
    assert.match(first.notice ?? '', /^HOME is not set: what is needed to resume is kept in /)
    assert.equal(openStateDirectory({}, root, userId).path, first.path)
    writeFileSync(join(root, 'file'), '')
    const blocked = openStateDirectory({ HOME: join(root, 'file') }, root, userId)
    assert.equal(blocked.path, first.path)
    assert.match(blocked.notice ?? '', /^cannot write to .*file/)
  })
})

test('a trap under the predictable temp name is not used', () => {
  withRoot((root) => {
    const userId = process.getuid?.() ?? 0
    const elsewhere = join(root, 'elsewhere')
    mkdirSync(elsewhere)
    const trap = join(root, `torrent-dl-${userId}`)
    symlinkSync(elsewhere, trap)
    assert.notEqual(openStateDirectory({}, root, userId).path, trap)
    rmSync(trap)
    mkdirSync(trap)
    chmodSync(trap, 0o777)
    assert.notEqual(openStateDirectory({}, root, userId).path, trap)
  })
})
