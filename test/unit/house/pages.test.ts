/** What the pages say of the repository is so: paths, links and scripts are there, and nothing stands twice. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** From dist/test/unit/house up to the root. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const DOCS = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)
const PAGES = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'bench/README.md', ...DOCS]
/** Those that name source files; paths on other pages are those of users. */
const MAPS = ['docs/ARCHITECTURE.md', 'docs/beps.md', 'docs/scheduling.md', 'docs/uploading.md']
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

describe('pages', () => {
  for (const page of PAGES) {
    const prose = withoutExamples(read(page))

    // Of reports: contenders are in many rows, and targets stand again.
    if (page !== 'docs/performance.md') {
      test(`${page} says nothing twice`, () => {
        const said = [...prose.split('\n').filter((line) => /^(- |#+ )/.test(line)), ...rowNames(prose)]
        assert.deepEqual(
          said.filter((line, place) => said.indexOf(line) < place),
          [],
        )
      })
    }

    test(`${page} has an empty line before each heading`, () => {
      assert.doesNotMatch(prose, /[^\n]\n#+ /)
    })

    test(`what ${page} links to is there`, () => {
      for (const [, target = ''] of prose.matchAll(/\]\(([^)#:\s]+)[^):\s]*\)/g)) {
        assert.ok(existsSync(join(ROOT, dirname(page), target)), target)
      }
    })

    test(`the scripts that ${page} names are those of package.json`, () => {
      for (const [, name = ''] of read(page).matchAll(/npm run (?:-\S+ )*([\w:-]+)/g)) {
        assert.ok(name in scripts, name)
      }
    })
  }

  for (const page of MAPS) {
    test(`the files that ${page} names are there`, () => {
      const paths = [...read(page).matchAll(/`([\w.-]+\/[\w./{},*-]*)`/g)].flatMap(([, path = '']) =>
        spelledOut(path),
      )
      assert.ok(paths.length > 5)
      for (const path of paths) {
        assert.ok([path, `src/${path}`, `dist/${path}`].some(isThere), path)
      }
    })
  }

  test('every page of docs/ is linked from another one', () => {
    const links = PAGES.flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)#:\s]+)/g)].map(([, target = '']) => join(dirname(page), target)),
    )
    assert.deepEqual(
      DOCS.filter((page) => !links.includes(page)),
      [],
    )
  })
})

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function withoutExamples(text: string): string {
  return text.replaceAll(/^ *```[^]*?^ *```$/gm, '```')
}

/** @returns the first cell of each row, with the number of its table */
function rowNames(prose: string): string[] {
  return [...prose.matchAll(/^(\|.*\n)+/gm)].flatMap(([table], number) =>
    [...table.matchAll(/^\| ((?:[^|\\]|\\.)+) \|/gm)].map(([, cell = '']) => `table ${number}: ${cell}`),
  )
}

/** `a/{b,c}.ts`: a/b.ts, a/c.ts. */
function spelledOut(path: string): string[] {
  const [, before = '', names, after = ''] = /^(.*)\{(.*)\}(.*)$/.exec(path) ?? []
  return names === undefined ? [path] : names.split(',').map((name) => before + name + after)
}

/** `tracker/udp-*` is there when a file begins so. */
function isThere(path: string): boolean {
  const [, directory = '', start = ''] = /^(.*)\/([^/]*)\*$/.exec(path) ?? []
  if (directory === '') return existsSync(join(ROOT, path))
  const place = join(ROOT, directory)
  return existsSync(place) && readdirSync(place).some((name) => name.startsWith(start))
}
