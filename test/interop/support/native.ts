/** The C programs of bench/native, compiled once for each version of their source (and of what they share) and kept in the temporary folder. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runNow } from './processes.ts'
import { projectDirectory } from './project.ts'

export type NativeProgram = 'floor' | 'seeder' | 'leecher' | 'runstat' | 'link' | 'announcer'

const LIBRARIES: Record<NativeProgram, readonly string[]> = {
  floor: ['-lcrypto'],
  seeder: ['-pthread'],
  leecher: ['-pthread'],
  runstat: [],
  link: [],
  announcer: [],
}

/** @returns the program's path. @throws Error with the compiler's words */
export function nativeProgram(name: NativeProgram): string {
  const [source, header] = [`${name}.c`, 'wire.h'].map((file) => join(projectDirectory, 'bench/native', file))
  const text = Buffer.concat([readFileSync(source!), readFileSync(header!)])
  const version = createHash('sha1').update(text).digest('hex').slice(0, 12)
  const directory = join(tmpdir(), `torrent-dl-native-${process.getuid?.() ?? 0}`)
  const program = join(directory, `${name}-${version}`)
  if (existsSync(program)) return program
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  // Under another name first: two runs may compile at the same time.
  const unfinished = `${program}.${process.pid}`
  runNow(['gcc', '-std=gnu11', '-O2', '-Wall', '-Wextra', '-o', unfinished, source!, ...LIBRARIES[name]])
  renameSync(unfinished, program)
  return program
}
