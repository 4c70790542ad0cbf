/** What the benches' tables are made of. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growthExponent, spreadOf } from '../../../bench/report/figures.ts'
import { figure, markdownTable } from '../../../bench/report/markdown-table.ts'

void test('the best is the lowest or the highest, and what is no number does not count', () => {
  assert.deepEqual(spreadOf([3, NaN, 1, 2]), { best: 1, median: 2, worst: 3 })
  assert.deepEqual(spreadOf([3, 1, 2], 'high'), { best: 3, median: 2, worst: 1 })
  assert.deepEqual(spreadOf([]), { best: NaN, median: NaN, worst: NaN })
})

void test('the exponent of a power law is found', () => {
  const exponentOf = (cost: (n: number) => number): string =>
    growthExponent([1000, 10_000, 100_000].map((n) => [n, cost(n)])).toFixed(3)
  assert.equal(
    exponentOf(() => 7),
    '0.000',
  )
  assert.equal(
    exponentOf((n) => 3 * n),
    '1.000',
  )
  assert.equal(
    exponentOf((n) => n ** 2 / 5),
    '2.000',
  )
})

void test('a point without cost is left out of a fit', () => {
  const exponent = growthExponent([
    [1, -0.01],
    [10, 20],
    [100, 200],
  ])
  assert.equal(exponent.toFixed(3), '1.000')
})

void test('figures have three digits', () => {
  assert.deepEqual([1234.5, 12.345, 1.2345, 0.012345, 0, NaN].map(figure), [
    ...['1235', '12.3', '1.23', '0.012', '0.00', '-'],
  ])
})

void test('columns are as wide as their widest cell, figures to the right', () => {
  const table = markdownTable([
    ['', 'wall s'],
    ['floor', '1.1'],
  ])
  assert.equal(table, '|       | wall s |\n|-------|-------:|\n| floor |    1.1 |')
})
