/**
 * One value of a configuration file or the environment -> the value that its option would have on the command line,
 * through the same parser.
 */
import { isAbsolute, join } from 'node:path'
import { UsageError, messageOf } from '../common/errors.ts'
import type { RawValue } from './config-file.ts'
import type { OptionModel } from './command-model.ts'
import type { Setting } from './setting-names.ts'
import type { Environment } from './terminal.ts'

const YES: ReadonlySet<string> = new Set(['true', 'yes', 'on', '1'])
const NO: ReadonlySet<string> = new Set(['false', 'no', 'off', '0'])
/** As often as -v would ever be typed. */
const MAX_COUNT = 9

/**
 * @param env HOME stands for a leading ~, which no shell replaces here
 * @returns undefined when the value says what would be so without it
 * @throws UsageError saying what would be right, without the name
 */
export function readFileValue(setting: Setting, raw: RawValue, env: Environment): unknown {
  switch (setting.option.kind) {
    case 'switch':
    case 'negated':
      if (typeof raw !== 'boolean') throw wrong(raw, 'true or false')
      return switchValue(setting, raw)
    case 'count':
      return countOf(typeof raw === 'boolean' ? raw : String(raw))
    case 'value':
      return parse(setting.option, [text(raw)], env)
    case 'list':
      return parse(setting.option, Array.isArray(raw) ? raw.map(String) : [text(raw)], env)
  }
}

/** The same from a variable, which is always text; of a list each line is a value. */
export function readVariable(setting: Setting, raw: string, env: Environment): unknown {
  switch (setting.option.kind) {
    case 'switch':
    case 'negated':
      return switchValue(setting, booleanOf(raw))
    case 'count':
      return countOf(raw)
    case 'value':
      return parse(setting.option, [raw], env)
    case 'list':
      return parse(
        setting.option,
        raw.split(/\r?\n/).filter((line) => line !== ''),
        env,
      )
  }
}

/** Does this value do anything, so that it can conflict with another option? */
export function isOn(option: OptionModel, value: unknown): boolean {
  if (option.kind === 'negated') return value === false
  return value !== undefined && value !== false && value !== 0
}

function switchValue({ option, isOpposite, isPaired }: Setting, isTrue: boolean): boolean | undefined {
  if (option.kind === 'switch') return isTrue
  const isNegated = isTrue !== isOpposite
  return isPaired && !isNegated ? undefined : !isNegated
}

function countOf(raw: string | boolean): number {
  if (raw === true) return 1
  if (raw === false) return 0
  const count = /^\d$/.test(raw) ? Number(raw) : Number(booleanOr(raw) ?? NaN)
  if (!(count <= MAX_COUNT)) throw wrong(raw, `true, false or a number from 0 to ${MAX_COUNT}`)
  return count
}

function booleanOf(raw: string): boolean {
  const value = booleanOr(raw)
  if (value === undefined) throw wrong(raw, 'true or false')
  return value
}

function booleanOr(raw: string): boolean | undefined {
  const word = raw.toLowerCase()
  if (YES.has(word)) return true
  return NO.has(word) ? false : undefined
}

function parse(
  { option, valueKind, kind }: OptionModel,
  texts: readonly string[],
  env: Environment,
): unknown {
  const isPath = valueKind === 'file' || valueKind === 'directory'
  let value: unknown = kind === 'list' ? [] : undefined
  for (const given of texts) {
    const one = isPath ? expandHome(given, env) : given
    try {
      value = option.parseArg === undefined ? one : option.parseArg(one, value)
    } catch (error) {
      // Behind `--jobs: ...` stands the sentence without the name.
      const reason = error instanceof UsageError && error.cause instanceof UsageError ? error.cause : error
      throw new UsageError('USAGE', messageOf(reason), { cause: error })
    }
  }
  return value
}

function expandHome(path: string, { HOME: home = '' }: Environment): string {
  if (path !== '~' && !path.startsWith('~/')) return path
  if (!isAbsolute(home)) throw wrong(path, 'a path here: HOME is not set')
  return join(home, path.slice(1))
}

function text(raw: RawValue): string {
  if (typeof raw === 'string' || typeof raw === 'number') return String(raw)
  throw wrong(raw, 'a string or a number')
}

function wrong(raw: RawValue, wanted: string): UsageError {
  return new UsageError(
    'USAGE',
    `${typeof raw === 'string' ? `'${raw}'` : JSON.stringify(raw)} is not ${wanted}`,
  )
}
