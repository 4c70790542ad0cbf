/** What commander calls to read one option's value: checks, with the option's name in front of what is wrong. Pure. */
import { UsageError } from '../common/errors.ts'

export function checked<T>(name: string, parse: (text: string) => T): (text: string) => T {
  const next = checkedNext<undefined, T>(name, parse)
  return (text) => next(text, undefined)
}

/** Puts the option's name in front of what its parser says. @param parse gets the value so far as well */
export function checkedNext<E, T>(
  name: string,
  parse: (text: string, earlier: E) => T,
): (text: string, earlier: E) => T {
  return (text, earlier) => {
    try {
      return parse(text, earlier)
    } catch (error) {
      if (error instanceof UsageError)
        throw new UsageError('USAGE', `${name}: ${error.message}`, { cause: error })
      throw error
    }
  }
}

export function collected<T>(
  name: string,
  parse: (text: string) => T,
): (text: string, earlier: readonly T[]) => T[] {
  return checkedNext(name, (text, earlier) => [...earlier, parse(text)])
}

export function oneOf(choices: readonly string[]): (text: string) => string {
  return (text) => {
    if (choices.includes(text)) return text
    throw new UsageError('USAGE', `'${text}' is not one of ${choices.join(', ')}`)
  }
}

export function file(text: string): string {
  if (text === '') throw new UsageError('USAGE', `'' is not a file`)
  return text
}

export function directory(text: string): string {
  if (text === '') throw new UsageError('USAGE', `'' is not a directory (the current one is .)`)
  return text
}

export function logFile(text: string): string {
  if (text === '') throw new UsageError('USAGE', `'' is not a file`)
  if (text === '-') throw new UsageError('USAGE', `'-' is not a file (-v shows the log on standard error)`)
  return text
}

export function checksumFile(text: string): string {
  if (text === '' || text === '-') throw new UsageError('USAGE', `'${text}' is not a file`)
  return text
}

export function interfaceName(text: string): string {
  if (text === '') throw new UsageError('USAGE', `'' is not the name of an interface or its address`)
  return text
}
