import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InputError, UsageError } from '../../../src/common/errors.ts'
import { parseFilePattern } from '../../../src/cli/file-pattern.ts'
import type { FileSelection } from '../../../src/cli/select-files.ts'
import { selectFiles } from '../../../src/cli/select-files.ts'
import type { Metainfo } from '../../../src/metainfo/metainfo.ts'
import { makeTorrent } from '../../support/make-torrent.ts'

const PATHS = [
  'readme.md',
  'linux.iso',
  'docs/a.txt',
  'docs/sub/.hidden',
  'docs/sub/b.txt',
  'Show (2020) [x265].mkv',
  'a+b!.txt',
]

function torrentOf(paths: readonly string[]): Metainfo {
  return makeTorrent({ name: 'set', files: paths.map((path, index) => ({ path, length: index + 1 })) })
    .metainfo
}

const METAINFO = torrentOf(PATHS)

interface Choice {
  readonly select?: readonly string[]
  readonly exclude?: readonly string[]
  readonly maxSizeBytes?: number
}

async function choose(choice: Choice, metainfo = METAINFO): Promise<FileSelection> {
  return await selectFiles(metainfo, {
    select: (choice.select ?? []).map(parseFilePattern),
    exclude: (choice.exclude ?? []).map(parseFilePattern),
    maxSizeBytes: choice.maxSizeBytes,
  })
}

/** Numbers of the chosen files, the first to come first. */
async function chosen(choice: Choice, metainfo = METAINFO): Promise<number[]> {
  const { priorities } = await choose(choice, metainfo)
  const files = [...priorities.keys()].filter((file) => priorities[file]! > 0)
  return files.sort((a, b) => priorities[b]! - priorities[a]!)
}

async function refusal(choice: Choice, metainfo = METAINFO): Promise<InputError> {
  try {
    await choose(choice, metainfo)
  } catch (error) {
    assert.ok(error instanceof InputError)
    return error
  }
  assert.fail('it is accepted')
}

test('globs mean what they mean in a .gitignore', async () => {
  const meanings: Readonly<Record<string, readonly number[]>> = {
    '*.txt': [2, 4, 6], // without a slash: names anywhere
    '*.iso': [1],
    docs: [2, 3, 4], // a directory stands for what is in it
    'docs/': [2, 3, 4],
    'su?': [3, 4],
    'docs/**': [2, 3, 4],
    'docs/*.txt': [2], // with one: the path inside the torrent
    '/*.txt': [6],
    './*.txt': [6],
    '/readme.md': [0],
    'set/docs/a.txt': [2], // or with the torrent's name
    'set/*.md': [0],
    '**/b.txt': [4],
    'docs/sub/*': [3, 4], // a leading dot is nothing special
    '.h*': [3],
    '{readme,linux}.*': [0, 1],
    '[lr]*': [0, 1],
    'a+b!.txt': [6], // these are ordinary characters
    '*(2020)*': [5],
    'Show (2020) [x265].mkv': [5], // a name itself
    '\\[x265\\]*': [],
    'readme.md/': [], // a file is no directory
    'README.md': [],
    'set*': [],
    '!readme.md': [],
  }
  for (const [glob, files] of Object.entries(meanings)) {
    if (files.length === 0) assert.equal((await refusal({ select: [glob] })).code, 'SELECTION_EMPTY', glob)
    else assert.deepEqual((await chosen({ select: [glob] })).toSorted(), files, glob)
  }
})

test('numbers, ranges and lists of them; a file named like a number is chosen by its path', async () => {
  assert.deepEqual(await chosen({ select: ['3'] }), [3])
  assert.deepEqual(await chosen({ select: ['0,2-4'] }), [0, 2, 3, 4])
  const numbers = torrentOf(['7', '1,2'])
  assert.deepEqual(await chosen({ select: ['./7'] }, numbers), [0])
  assert.deepEqual(await chosen({ select: ['./1,2'] }, numbers), [1])
  assert.throws(() => parseFilePattern('4-2'), UsageError)
  assert.throws(() => parseFilePattern(''), UsageError)
  assert.throws(() => parseFilePattern('x'.repeat(5000)), UsageError)
  assert.match((await refusal({ select: ['7'] })).message, /no file 7: its files have the numbers 0 to 6/)
  assert.equal((await refusal({ exclude: ['2-9999999'] })).code, 'SELECTION_NUMBER')
})

test('earlier -s come first, whatever the order in the torrent', async () => {
  assert.deepEqual(await chosen({ select: ['4', 'readme.md', 'docs'] }), [4, 0, 2, 3])
  const many = Array.from({ length: 300 }, () => '*')
  const { priorities } = await choose({ select: ['6', ...many, '5'] })
  assert.ok(priorities[6]! > priorities[5]! && priorities[5]! > 0)
})

test('--exclude and --max-size take away from what is chosen, or from all', async () => {
  assert.deepEqual(await chosen({ select: ['docs'], exclude: ['sub', '*.iso'] }), [2])
  assert.deepEqual((await chosen({ exclude: ['docs/', '5-6'] })).toSorted(), [0, 1])
  assert.deepEqual((await chosen({ maxSizeBytes: 2 })).toSorted(), [0, 1]) // file n has n + 1 bytes
  const left = await refusal({ select: ['docs'], exclude: ['docs'] })
  assert.equal(left.message, 'nothing is left: --exclude and --max-size leave out all 3 chosen files')
})

test('a pattern without a match is told when others match', async () => {
  const { notices } = await choose({ select: ['*.iso', '*.nfo'] })
  assert.deepEqual(notices, ["-s: no file matches '*.nfo'"])
})

test('padding is not chosen, neither by number nor by glob', async () => {
  const { metainfo } = makeTorrent({
    name: 'set',
    files: [
      { path: 'a', length: 10 },
      { path: '.pad/10', length: 10, attr: 'p' },
      { path: 'b', length: 10 },
    ],
  })
  assert.deepEqual((await chosen({ select: ['*'] }, metainfo)).toSorted(), [0, 2])
  assert.match((await refusal({ select: ['1'] }, metainfo)).message, /number 1 is padding/)
  assert.deepEqual((await chosen({ select: ['0-2'] }, metainfo)).toSorted(), [0, 2])
})

test('the only file of a torrent without a directory goes by its name', async () => {
  const { metainfo } = makeTorrent({ name: 'a.iso', files: [{ path: 'a.iso', length: 5 }] })
  for (const glob of ['*.iso', '0', '/a.iso', './a.*']) {
    assert.deepEqual(await chosen({ select: [glob] }, metainfo), [0], glob)
  }
})

test('names made to keep a glob busy for ever do not', { timeout: 20_000 }, async () => {
  const hostile = torrentOf([`${'a'.repeat(200)}/x`])
  const options = { select: [parseFilePattern('*a*a*a*a*a*a*a*a*b')], exclude: [], maxSizeBytes: undefined }
  await assert.rejects(
    selectFiles(hostile, options, 100),
    (error) => error instanceof InputError && error.code === 'SELECTION_TOO_COMPLEX',
  )
})
