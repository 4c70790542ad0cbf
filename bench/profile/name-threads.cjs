/*
 * Loaded before the program (--require) in each of its JavaScript threads: gives the threads names that the system
 * shows. Before any of our code ran there are V8's own threads beside the main one; a thread that is made later has the
 * name of the one that made it, so that a second "js-main" is of libuv's pool.
 */
const { isMainThread, threadId } = require('node:worker_threads')
const { readdirSync, readFileSync, readlinkSync, writeFileSync } = require('node:fs')

const own = readlinkSync('/proc/thread-self').split('/').at(-1)
if (isMainThread) {
  for (const thread of readdirSync('/proc/self/task')) {
    const file = `/proc/self/task/${thread}/comm`
    // The profiler's own thread has a name already.
    if (thread !== own && readFileSync(file, 'utf8') === 'node\n') writeFileSync(file, 'v8')
  }
}
writeFileSync('/proc/thread-self/comm', isMainThread ? 'js-main' : `js-worker-${threadId}`)
