import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { MadeTorrent } from '../support/make-torrent.ts'
import { runCli } from '../support/run-cli.ts'
import { withSeed } from './local-seed.ts'
import { eventErrors, readEvents } from '../support/event-schema.ts'

/** Every file shares a piece with its neighbours. */
const SET = {
  name: 'set',
  pieceBytes: 32_768,
  files: [
    { path: 'readme.md', length: 1_000 },
    { path: 'disk.iso', length: 300_000 },
    { path: 'docs/a.txt', length: 50_000 },
    { path: 'docs/empty', length: 0 },
    { path: 'docs/deep/b.txt', length: 70_000 },
    { path: 'Show (2020) [x265].mkv', length: 90_000 },
  ],
}

interface Event {
  readonly type: string
  readonly fetchBytes?: number
  readonly downloadedBytes?: number
  readonly index?: number
}

function eventsOf(stdout: string): Event[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Event)
}

/** Every file below, with its path. */
function treeOf(directory: string): string[] {
  if (!existsSync(directory)) return []
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort()
}

function assertFile(torrent: MadeTorrent, directory: string, index: number): void {
  const bytes = readFileSync(join(directory, 'set', SET.files[index]!.path))
  assert.ok(bytes.equals(torrent.fileData(index)), `${SET.files[index]!.path} is as it should be`)
}

/** `-n` and then the download, with the same arguments. @returns bytes announced and bytes that came */
async function planAndFetch(
  root: string,
  peer: string,
  args: readonly string[],
): Promise<{ planned: number | undefined; came: number | undefined }> {
  const plan = await runCli(['-n', '--json', '-o', 'out', ...args, 'a.torrent'], { cwd: root })
  assert.equal(plan.code, 0, plan.stderr)
  const run = await runCli(['--json', '-p', '0', '--peer', peer, '-o', 'out', ...args, 'a.torrent'], {
    cwd: root,
  })
  assert.equal(run.code, 0, run.stderr)
  const complete = eventsOf(run.stdout).find(({ type }) => type === 'complete')
  return { planned: eventsOf(plan.stdout)[0]?.fetchBytes, came: complete?.downloadedBytes }
}

describe('files are chosen', { concurrency: 4 }, () => {
  test('chosen files are there byte for byte, and no other file or directory appears', async () => {
    await withSeed(SET, async ({ torrent, root, peer }) => {
      const args = ['-p', '0', '--peer', peer, '-o', 'out', '-s', '*.txt', '--exclude', 'deep', 'a.torrent']
      const { code, stdout } = await runCli(args, { cwd: root })
      assert.deepEqual([code, stdout], [0, 'out/set\n'])
      assert.deepEqual(treeOf(join(root, 'out')), ['set/docs/a.txt'])
      assert.deepEqual(readdirSync(join(root, 'out/set/docs')), ['a.txt'])
      assertFile(torrent, join(root, 'out'), 2)
      const again = await runCli(['-p', '0', ...args.slice(4)], { cwd: root })
      assert.equal(again.code, 0)
      assert.match(again.stderr, /was there already, verified/)
    })
  })

  test('a wider choice fetches exactly what is missing, as -n says; at the end no parts file is left', async () => {
    await withSeed(SET, async ({ torrent, root, peer }) => {
      const state = join(root, '.local/state/torrent-dl/resume')
      const partsFiles = (): string[] => readdirSync(state).filter((name) => name.endsWith('.parts'))
      const first = await planAndFetch(root, peer, ['-s', '2'])
      assert.equal(first.came, 2 * 32_768)
      assert.equal(first.planned, first.came)
      assert.equal(partsFiles().length, 1)
      const second = await planAndFetch(root, peer, ['-s', 'docs/'])
      assert.equal(second.planned, second.came)
      // 300,000 + 1,000 + 50,000 bytes lie in front of b.txt: it shares its first piece with a.txt, which is there
      assert.equal(second.came, (Math.floor(420_999 / 32_768) - Math.floor(351_000 / 32_768)) * 32_768)
      assert.deepEqual(treeOf(join(root, 'out')), ['set/docs/a.txt', 'set/docs/deep/b.txt', 'set/docs/empty'])
      const third = await planAndFetch(root, peer, [])
      assert.equal(third.planned, third.came)
      assert.equal(first.came + second.came + (third.came ?? 0), torrent.data.length)
      for (const index of SET.files.keys()) assertFile(torrent, join(root, 'out'), index)
      assert.deepEqual(partsFiles(), [])
    })
  })

  test('-n writes nothing, also where there is nothing yet, and says what would come and what is there', async () => {
    await withSeed(SET, async ({ torrent, root, peer }) => {
      const empty = await runCli(['-n', '-o', 'out', '-s', '1', 'a.torrent'], { cwd: root })
      assert.equal(empty.code, 0)
      const bytes = 10 * 32_768
      assert.equal(
        empty.stdout,
        'fetch  1  293.0 KiB  set/disk.iso\n' +
          `1 file, 293.0 KiB: to fetch 327,680 bytes (320.0 KiB) in ${bytes / 32_768} pieces, ` +
          '27,680 bytes of other files in shared pieces included\n',
      )
      assert.deepEqual(treeOf(root), ['a.torrent'])
      assert.ok(!existsSync(join(root, 'out')) && !existsSync(join(root, '.local')))
      await torrent.writeTo(join(root, 'out'))
      const before = treeOf(root)
      const all = await runCli(['-n', '-o', 'out', 'a.torrent'], { cwd: root })
      assert.match(all.stdout, /^there {2}0 .* set\/readme\.md$/m)
      assert.match(all.stdout, /nothing to fetch, all of it is there\n$/)
      writeFileSync(join(root, 'out/set/disk.iso'), 'mine')
      const clash = await runCli(['-n', '-o', 'out', 'a.torrent'], { cwd: root })
      assert.deepEqual([clash.code, clash.stdout], [13, ''])
      assert.match(clash.stderr, /disk\.iso is in the way/)
      assert.deepEqual(treeOf(root), before)
      assert.ok(peer !== '')
    })
  })

  test('room is made for chosen files only', async () => {
    await withSeed(SET, async ({ root, peer }) => {
      for (const how of ['sparse', 'full']) {
        const args = [
          '-p',
          '0',
          '--peer',
          peer,
          '-o',
          how,
          '--file-allocation',
          how,
          '-s',
          'a.txt',
          'a.torrent',
        ]
        const { code, stderr } = await runCli(args, { cwd: root })
        assert.equal(code, 0, stderr)
        assert.deepEqual(treeOf(join(root, how)), ['set/docs/a.txt'])
      }
    })
  })

  test('earlier -s are whole first', async () => {
    await withSeed(SET, async ({ root, peer }) => {
      const args = ['--json', '-p', '0', '--peer', peer, '-s', 'b.txt', '-s', '*.iso', 'a.torrent']
      const { stdout } = await runCli(args, { cwd: root })
      const files = eventsOf(stdout).filter(({ type }) => type === 'file')
      assert.deepEqual(
        files.map(({ index }) => index),
        [4, 1],
      )
    })
  })

  test('-l lists index, size and path without the network, as text and as JSON; of what is chosen', async () => {
    await withSeed(SET, async ({ root, torrent }) => {
      const all = await runCli(['-l', 'a.torrent'], { cwd: root })
      assert.deepEqual([all.code, all.stderr], [0, ''])
      assert.equal(all.stdout.split('\n')[4], '4   68.4 KiB  set/docs/deep/b.txt')
      assert.deepEqual(treeOf(root), ['a.torrent'])
      const some = await runCli(['-l', '--json', '-s', 'docs', '--max-size', '60K', '-'], {
        cwd: root,
        stdin: torrent.bytes,
      })
      const [list] = readEvents(some.stdout)
      const plan = await runCli(['-n', '--json', '-s', 'docs', 'a.torrent'], { cwd: root })
      assert.deepEqual([...eventErrors(list!), ...readEvents(plan.stdout).flatMap(eventErrors)], [])
      const { type, files } = list as unknown as { type: string; files: { index: number }[] }
      assert.deepEqual([type, files.map(({ index }) => index)], ['list', [2, 3]])
    })
  })

  test('in a list each source has its own choice; one that chooses nothing does not stop the others', async () => {
    await withSeed(SET, async ({ root, torrent, peer }) => {
      writeFileSync(join(root, 'b.torrent'), torrent.bytes)
      const other = 'b.torrent\n  output=b\n  select=*.nfo\n'
      writeFileSync(
        join(root, 'list'),
        `${other}a.torrent\n  output=a\n  select=readme.md\n  select=docs/a.txt\n`,
      )
      const plan = await runCli(['-n', '-i', 'list'], { cwd: root })
      assert.equal(plan.code, 8)
      assert.match(plan.stdout, /^a\.torrent:\nfetch {2}0 .*\nfetch {2}2 /)
      assert.match(plan.stderr, /^torrent-dl: b\.torrent: no file matches '\*\.nfo'/m)
      const run = await runCli(['-p', '0', '--peer', peer, '-i', 'list'], { cwd: root })
      assert.deepEqual([run.code, run.stdout], [8, 'a/set\n'])
      assert.deepEqual(treeOf(join(root, 'a')), ['set/docs/a.txt', 'set/readme.md'])
      assert.ok(!existsSync(join(root, 'b')))
    })
  })

  test('somebody else’s files are left alone when they are not chosen, and are no reason to fail', async () => {
    await withSeed(SET, async ({ root, peer }) => {
      mkdirSync(join(root, 'out/set'), { recursive: true })
      writeFileSync(join(root, 'out/set/disk.iso'), 'mine')
      mkdirSync(join(root, 'out/set/readme.md'))
      const args = ['-p', '0', '--peer', peer, '-o', 'out', '-f', '-s', 'a.txt', 'a.torrent']
      assert.equal((await runCli(args, { cwd: root })).code, 0)
      assert.equal(readFileSync(join(root, 'out/set/disk.iso'), 'utf8'), 'mine')
      assert.deepEqual(treeOf(join(root, 'out')), ['set/disk.iso', 'set/docs/a.txt'])
    })
  })

  test('what chooses nothing is refused with 2 and a name that is near; a part that chooses nothing is told', async () => {
    await withSeed(SET, async ({ root, peer }) => {
      const nothing = await runCli(['-l', '-s', 'raedme.md', 'a.torrent'], { cwd: root })
      assert.deepEqual([nothing.code, nothing.stdout], [2, ''])
      assert.match(
        nothing.stderr,
        /no file matches 'raedme\.md'; near: 'readme\.md' \(torrent-dl info lists all\)/,
      )
      const number = await runCli(['-p', '0', '-s', '0-6', 'a.torrent'], { cwd: root })
      assert.equal(number.code, 2)
      assert.match(number.stderr, /the torrent has no file 6: its files have the numbers 0 to 5/)
      const range = await runCli(['-s', '5-2', 'a.torrent'], { cwd: root })
      assert.equal(range.code, 2)
      assert.match(range.stderr, /--select: '5-2' is not a range from low to high/)
      const args = ['-p', '0', '--peer', peer, '-s', 'readme.md', '-s', '*.nfo', 'a.torrent']
      const some = await runCli(args, { cwd: root })
      assert.equal(some.code, 0)
      assert.match(some.stderr, /no file matches '\*\.nfo'/)
      assert.deepEqual(treeOf(join(root, 'set')), ['readme.md'])
    })
  })
})
