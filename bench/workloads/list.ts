/** Every row, in the order they are run. W9 (magnet links) comes with magnet links. */
import { memory } from './memory.ts'
import { limit } from './limit.ts'
import { upload } from './upload.ts'
import { w1 } from './w1-one-seeder.ts'
import { w2 } from './w2-small-files.ts'
import { w3 } from './w3-eight-seeders.ts'
import { w4 } from './w4-slow-and-fast.ts'
import { w5 } from './w5-many-pieces.ts'
import { w6 } from './w6-long-link.ts'
import { w7 } from './w7-many-torrents.ts'
import { w8 } from './w8-check.ts'
import { w10 } from './w10-start.ts'
import { w11 } from './w11-growth.ts'
import { w12 } from './w12-huge-metadata.ts'
import { w13 } from './w13-create.ts'
import type { Workload } from './workload.ts'

const AS_NUMBERED = [w1, memory, w2, w3, w4, w5, w6, w7, w8, w10, w11, w12, w13]

export const WORKLOADS: readonly Workload[] = [...AS_NUMBERED, upload, limit]
