/** A long link between two hosts of the lab (bench/native/link.c), beside the cable that joins them. */
import type { Host, Lab } from '../../test/interop/support/lab.ts'
import { runNow, waitUntil } from '../../test/interop/support/processes.ts'
import type { RunningProcess } from '../../test/interop/support/processes.ts'
import { nativeProgram } from '../../test/interop/support/native.ts'

export interface LinkPlan {
  readonly interfaceName: string
  readonly roundTripMs: number
  readonly bytesPerSecond: number
  /** Of the router before the line; more is dropped. */
  readonly queueBytes: number
  /** Packets lost in each direction: 0..1 */
  readonly lossRatio: number
}

/** The interfaces are up afterwards, and have no addresses yet. */
export async function startLink(
  lab: Lab,
  server: Host,
  client: Host,
  plan: LinkPlan,
): Promise<RunningProcess> {
  const { roundTripMs, bytesPerSecond, queueBytes, lossRatio } = plan
  const numbers = [roundTripMs / 2, bytesPerSecond, queueBytes, lossRatio * 1e6].map((value) =>
    String(Math.round(value)),
  )
  // It enters both namespaces itself; on the server's host it starts with one of them.
  const command = [nativeProgram('link'), server.namespace, client.namespace, plan.interfaceName, ...numbers]
  const link = lab.start(server, command, { label: 'link' })
  await waitUntil('the link is there', 5000, () => link.output().includes('ready'), link.output)
  for (const host of [server, client]) {
    runNow(['ip', '-n', host.namespace, 'link', 'set', plan.interfaceName, 'up', 'txqueuelen', '10000'])
  }
  return link
}
