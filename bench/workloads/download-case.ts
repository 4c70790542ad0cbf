/** The common kind of case: everybody downloads the same torrents over the same course. */
import { Course } from '../course/course.ts'
import type { CoursePlan, Figures } from '../course/course.ts'
import { makeTorrent } from '../course/torrents.ts'
import { downloader } from '../contenders.ts'
import { COST_COLUMNS, COST_RATIOS } from './workload.ts'
import type { Case } from './workload.ts'

export interface DownloadPlan
  extends
    Pick<Case, 'title' | 'contenders' | 'rounds' | 'targets'>,
    Partial<Pick<Case, 'columns' | 'ratios'>> {
  readonly course: CoursePlan
  /** Adds figures to those of a run. */
  readonly also?: (figures: Figures, course: Course) => Figures
}

export function downloadCase({ course: plan, also, ...work }: DownloadPlan): Case {
  return {
    columns: COST_COLUMNS,
    ratios: COST_RATIOS,
    ...work,
    open: async () => {
      const course = await Course.open(plan)
      const entry = { course, torrents: course.torrents }
      return {
        run: async (contender) => {
          const figures = await course.run(downloader(contender, entry))
          return also === undefined ? figures : { ...figures, ...also(figures, course) }
        },
        runClient: async (make) => course.run(make(entry)),
        close: async () => {
          await course.close()
        },
      }
    },
  }
}

/** One torrent of one file. */
export function singleFile(totalBytes: number, pieceLength: number): CoursePlan['torrents'] {
  return async (place) => [
    await makeTorrent({ ...place, name: 'bench.bin', content: totalBytes, pieceLength }),
  ]
}
