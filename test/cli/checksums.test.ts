/** `--expect` and `--checksum-file`, of the download and of `verify`. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { MadeTorrent } from '../support/make-torrent.ts'
import { runCli } from '../support/run-cli.ts'
import type { CliResult } from '../support/run-cli.ts'
import { withSeed } from './local-seed.ts'

const SPEC = {
  name: 'data',
  files: [
    { path: 'a.bin', length: 100_000 },
    { path: 'sub/back\\slash', length: 5_000 },
    { path: 'empty', length: 0 },
  ],
}

interface Place {
  readonly root: string
  readonly torrent: MadeTorrent
  readonly infoHash: string
  /** Downloads a.torrent. */
  readonly get: (...args: string[]) => Promise<CliResult>
  readonly verify: (...args: string[]) => Promise<CliResult>
  readonly digest: (file: number, algorithm?: string) => string
}

async function withPlace(use: (place: Place) => Promise<void>): Promise<void> {
  await withSeed(SPEC, async ({ root, peer, torrent }) => {
    const run = async (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root })
    await use({
      root,
      torrent,
      infoHash: torrent.metainfo.infoHash.toString('hex'),
      get: async (...args) => run('-p', '0', '--peer', peer, ...args, 'a.torrent'),
      verify: async (...args) => run('verify', ...args, 'a.torrent'),
      digest: (file, algorithm = 'sha256') =>
        createHash(algorithm).update(torrent.fileData(file)).digest('hex'),
    })
  })
}

function base32(hex: string): string {
  const bits = [...Buffer.from(hex, 'hex')].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[parseInt(five, 2)])
    .join('')
}

describe('--expect', { concurrency: 4 }, () => {
  test('the right hash lets it pass, in each of its forms, alone or as one of several', async () => {
    await withPlace(async ({ get, verify, infoHash }) => {
      assert.equal((await get('--expect', infoHash.toUpperCase())).code, 0)
      assert.equal((await verify('--expect', base32(infoHash))).code, 0)
      assert.equal((await verify('--expect', '0'.repeat(40), '--expect', infoHash)).code, 0)
    })
  })

  test('a wrong one ends it with 6 before anything is written', async () => {
    await withPlace(async ({ get, verify, root, infoHash }) => {
      const wrong = 'ab'.repeat(20)
      for (const result of [
        await get('--expect', wrong),
        await verify('--expect', wrong),
        await get('-n', '--expect', wrong),
      ]) {
        assert.equal(result.code, 6)
        assert.equal(result.stderr, `torrent-dl: a.torrent: its info-hash is ${infoHash}, not ${wrong}\n`)
      }
      assert.equal(existsSync(join(root, 'data')), false)
    })
  })

  test('what is no hash is wrong usage, and one of v2 is told apart', async () => {
    await withPlace(async ({ get }) => {
      const short = await get('--expect', 'abc')
      assert.equal(short.code, 2)
      assert.match(short.stderr, /--expect: 'abc' is not an info-hash of 40 hexadecimal digits/)
      const v2 = await get('--expect', 'ab'.repeat(32))
      assert.equal(v2.code, 2)
      assert.match(v2.stderr, /BitTorrent v2, which is not supported yet/)
    })
  })

  test('a source of a list has its own', async () => {
    await withPlace(async ({ root, infoHash, get }) => {
      writeFileSync(join(root, 'list'), `a.torrent\n  expect=${'ab'.repeat(20)}\n`)
      const { code, stderr } = await get('-i', 'list', '--expect', infoHash)
      assert.equal(code, 8)
      assert.match(stderr, new RegExp(`its info-hash is ${infoHash}, not abab`))
    })
  })
})

describe('--checksum-file', { concurrency: 4 }, () => {
  test('right checksums, in all forms at once', async () => {
    await withPlace(async ({ root, get, verify, digest }) => {
      const text = [
        '# all of it',
        `${digest(0)} *data/a.bin`,
        `\\${digest(1)}  data/sub/back\\\\slash`,
        `SHA512 (data/a.bin) = ${digest(0, 'sha512')}`,
        `${digest(2, 'sha1')}  ./data/empty`,
        `${digest(0)}  other/file`,
      ]
      writeFileSync(join(root, 'SUMS'), text.join('\r\n'))
      const got = await get('-v', '--checksum-file', 'SUMS')
      assert.equal(got.code, 0, got.stderr)
      assert.match(got.stderr, /data\/a\.bin: its sha512 is as expected \(SUMS\)/)
      const checked = await verify('--checksum-file', 'SUMS')
      assert.deepEqual(
        [checked.code, checked.stdout],
        [0, 'data: 3 files, 102.5 KiB, all good; 4 of 4 checksums right\n'],
      )
    })
  })

  test('a wrong one ends with 6; the files stay, and the next run says the same', async () => {
    await withPlace(async ({ root, get, verify, digest, torrent }) => {
      const wrong = '0'.repeat(64)
      writeFileSync(join(root, 'SUMS'), `${wrong}  a.bin\n${digest(2)}  empty\n`)
      const message = new RegExp(
        `data/a\\.bin is not as SUMS says: its sha256 is ${digest(0)}, not ${wrong}; it is what`,
      )
      const first = await get('--checksum-file', 'SUMS')
      assert.equal(first.code, 6)
      assert.match(first.stderr, message)
      assert.match(first.stderr, /warning: |SUMS names 2 of 3 files of data: the others are not compared/)
      assert.equal(first.stdout, '')
      assert.ok(readFileSync(join(root, 'data/a.bin')).equals(torrent.fileData(0)))
      const again = await get('-q', '--checksum-file', 'SUMS')
      assert.equal(again.code, 6)
      assert.match(again.stderr, message)
      const checked = await verify('--checksum-file', 'SUMS')
      assert.equal(checked.code, 6)
      assert.match(
        checked.stdout,
        new RegExp(`bad checksum {2}data/a\\.bin: sha256 is ${digest(0)}, not ${wrong} \\(SUMS\\)`),
      )
      assert.match(checked.stdout, /1 bad checksum.*1 of 2 checksums right/)
    })
  })

  test('--json has an event a file, and the error; hooks and --failed-to hear of it', async () => {
    await withPlace(async ({ root, get, digest }) => {
      writeFileSync(join(root, 'SUMS'), `${'0'.repeat(64)}  a.bin\n${digest(2)}  empty\n`)
      const hook = ['--on-error', "sh -c 'echo $TORRENT_DL_ERROR_CODE >said'", '--failed-to', 'again']
      const { code, stdout } = await get('--json', ...hook, '--checksum-file', 'SUMS')
      assert.equal(code, 6)
      const events = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
      const compared = events.filter(({ type }) => type === 'checksum')
      assert.deepEqual(compared.map(({ name, isRight, algorithm }) => [name, isRight, algorithm]).sort(), [
        ['data/a.bin', false, 'sha256'],
        ['data/empty', true, 'sha256'],
      ])
      const error = events.find(({ type }) => type === 'error')
      assert.deepEqual([error?.['code'], error?.['errorCode']], [6, 'CHECKSUM_MISMATCH'])
      assert.equal(readFileSync(join(root, 'said'), 'utf8'), 'CHECKSUM_MISMATCH\n')
      assert.match(readFileSync(join(root, 'again'), 'utf8'), /^a\.torrent$/m)
    })
  })

  test('a list that is not there, no list, or not for this torrent is told before anything comes', async () => {
    await withPlace(async ({ root, get, verify, digest }) => {
      writeFileSync(join(root, 'BAD'), 'hello\n')
      writeFileSync(join(root, 'OTHER'), `${digest(0)}  linux.iso\n`)
      const cases = [
        ['gone', 3, /cannot read the checksum file gone: no such file/],
        ['.', 3, /cannot read the checksum file \.: it is a directory/],
        ['BAD', 3, /BAD:1: not a checksum and a name/],
        ['OTHER', 6, /OTHER names no file of data/],
      ] as const
      for (const [list, code, says] of cases) {
        for (const result of [await get('--checksum-file', list), await verify('--checksum-file', list)]) {
          assert.equal(result.code, code)
          assert.match(result.stderr, says)
        }
      }
      assert.equal(existsSync(join(root, 'data')), false)
    })
  })

  test('only chosen files are compared, and a source of a list has its own', async () => {
    await withPlace(async ({ root, get, digest }) => {
      writeFileSync(join(root, 'SUMS'), `${'0'.repeat(64)}  a.bin\n${digest(2)}  empty\n`)
      const chosen = await get('-s', 'empty', '--checksum-file', 'SUMS')
      assert.equal(chosen.code, 0, chosen.stderr)
      writeFileSync(join(root, 'list'), 'a.torrent\n  checksum-file=SUMS\n  select=a.bin\n')
      const { code, stderr } = await get('-j', '1', '-i', 'list', '-s', 'empty')
      assert.equal(code, 8)
      assert.match(stderr, /data\/a\.bin is not as SUMS says/)
    })
  })
})
