/** The swarms that the table of docs/scheduling.md is about. Rates are bytes a second. */
import type { Scenario } from './simulate.ts'
import type { SourcePlan } from './source.ts'

const KIB = 1024
const MIB = 1024 * KIB
const KB = 1e3
const MB = 1e6

function times(count: number, make: (index: number) => SourcePlan): SourcePlan[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

function between(random: () => number, low: number, high: number): number {
  return low + random() * (high - low)
}

/** Rates and round trips of strangers: from `low` to `high`, each tenth as likely as any other of the scale. */
function logUniform(random: () => number, low: number, high: number): number {
  return low * (high / low) ** random()
}

function spread(random: () => number, bytesPerSecond: number): SourcePlan {
  return { bytesPerSecond: bytesPerSecond * between(random, 0.9, 1.1), roundTripMs: between(random, 20, 80) }
}

function inRandomOrder(random: () => number, plans: readonly SourcePlan[]): SourcePlan[] {
  return plans
    .map((plan) => ({ plan, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ plan }) => plan)
}

function slowAndFast(random: () => number): SourcePlan[] {
  return [...times(100, () => spread(random, 0.25 * MB)), ...times(2, () => spread(random, 12.5 * MB))]
}

function halfPieces(random: () => number, pieceCount: number): boolean[] {
  return Array.from({ length: pieceCount }, () => random() < 0.5)
}

function allBut(share: number, pieceCount: number): boolean[] {
  return Array.from({ length: pieceCount }, (_, piece) => piece < pieceCount * (1 - share))
}

const sized = (totalBytes: number, pieceBytes: number): { pieceBytes: number; pieceCount: number } => ({
  pieceBytes,
  pieceCount: totalBytes / pieceBytes,
})

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'one seeder at 20 MB/s',
    ...sized(256 * MIB, 256 * KIB),
    plans: (random) => [spread(random, 20 * MB)],
  },
  {
    name: 'eight seeders at 6 MB/s',
    ...sized(512 * MIB, MIB),
    plans: (random) => times(8, () => spread(random, 6 * MB)),
  },
  {
    name: '100 at 0.25 MB/s, 2 at 12.5 MB/s',
    ...sized(512 * MIB, 256 * KIB),
    plans: (random) => inRandomOrder(random, slowAndFast(random)),
  },
  {
    name: 'the same, pieces of 4 MiB',
    ...sized(512 * MIB, 4 * MIB),
    plans: (random) => inRandomOrder(random, slowAndFast(random)),
  },
  {
    name: 'the same, 10 more fall silent at 90 %',
    ...sized(512 * MIB, 256 * KIB),
    plans: (random) =>
      inRandomOrder(random, [
        ...slowAndFast(random),
        ...times(10, () => ({ ...spread(random, 0.25 * MB), stallsAfterBytes: 2.25 * MB })),
      ]),
  },
  {
    name: '30 peers, 20 KB/s to 20 MB/s',
    ...sized(512 * MIB, 512 * KIB),
    plans: (random) =>
      times(30, () => ({
        bytesPerSecond: logUniform(random, 20 * KB, 20 * MB),
        roundTripMs: logUniform(random, 10, 300),
      })),
  },
  {
    name: '30 slow peers, 20 to 200 KB/s',
    ...sized(32 * MIB, 512 * KIB),
    plans: (random) =>
      times(30, () => ({
        bytesPerSecond: logUniform(random, 20 * KB, 200 * KB),
        roundTripMs: logUniform(random, 20, 300),
      })),
  },
  {
    name: '200 ms, 60 MB/s, says reqq 2000',
    ...sized(512 * MIB, MIB),
    plans: () => [{ bytesPerSecond: 60 * MB, roundTripMs: 200 }],
  },
  {
    name: '200 ms, 60 MB/s, says reqq 500',
    ...sized(512 * MIB, MIB),
    plans: () => [{ bytesPerSecond: 60 * MB, roundTripMs: 200, requestLimit: 500 }],
  },
  {
    name: '200 ms, 60 MB/s, keeps 2000 silently',
    ...sized(512 * MIB, MIB),
    plans: () => [{ bytesPerSecond: 60 * MB, roundTripMs: 200, saysLimit: false }],
  },
  {
    name: '200 ms, 60 MB/s, keeps 500 silently, drops more',
    ...sized(512 * MIB, MIB),
    plans: () => [
      { bytesPerSecond: 60 * MB, roundTripMs: 200, requestLimit: 500, saysLimit: false, hasFast: false },
    ],
  },
  {
    name: '20 gusty peers at 1 MB/s (twice a second)',
    ...sized(256 * MIB, 512 * KIB),
    plans: (random) => times(20, () => ({ ...spread(random, 1 * MB), gustMs: 500 })),
  },
  {
    name: '30 at 1 MB/s, 8 of them fall silent near the end',
    ...sized(256 * MIB, 512 * KIB),
    plans: (random) => [
      ...times(22, () => spread(random, 1 * MB)),
      ...times(8, () => ({ ...spread(random, 1 * MB), stallsAfterBytes: between(random, 8 * MB, 9 * MB) })),
    ],
  },
  {
    name: '40 at 1 MB/s that leave within 20 s, 2 stay',
    ...sized(512 * MIB, 512 * KIB),
    plans: (random) => [
      ...times(40, () => ({ ...spread(random, 1 * MB), leavesAtMs: between(random, 2_000, 20_000) })),
      ...times(2, () => spread(random, 4 * MB)),
    ],
  },
  {
    name: '30 with half the pieces, the rest within 10 s',
    ...sized(512 * MIB, 512 * KIB),
    plans: (random, pieceCount) =>
      times(30, () => ({
        ...spread(random, logUniform(random, 0.2 * MB, 5 * MB)),
        pieces: halfPieces(random, pieceCount),
        restWithinMs: 10_000,
      })),
  },
  {
    name: '20 fast, 2 % of the pieces only at a slow one',
    ...sized(256 * MIB, 256 * KIB),
    plans: (random, pieceCount) => [
      ...times(20, () => ({ ...spread(random, 1.5 * MB), pieces: allBut(0.02, pieceCount) })),
      spread(random, 0.7 * MB),
    ],
  },
  {
    name: '30 at 0.5 MB/s that choke a third of the time',
    ...sized(128 * MIB, 512 * KIB),
    plans: (random) =>
      times(30, () => ({
        ...spread(random, 0.5 * MB),
        chokes: { everyMs: between(random, 8_000, 16_000), forMs: 4_000 },
      })),
  },
]
