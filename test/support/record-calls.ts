/** A stand-in for any handler interface: every call is written down as text. */

export interface Recording<T> {
  readonly handler: T
  /** `onHave 7`, `onBlock 1 16384 abcd`: name and arguments, buffers as hex, errors as their code. */
  readonly calls: string[]
}

/** @param overrides methods that do more than be recorded (they are recorded first) */
export function recordCalls<T extends object>(overrides: Partial<T> = {}): Recording<T> {
  const calls: string[] = []
  const handler = new Proxy(overrides, {
    get(target, name) {
      return (...args: unknown[]) => {
        calls.push([String(name), ...args.map(show)].join(' '))
        const override: unknown = Reflect.get(target, name)
        if (typeof override === 'function') return Reflect.apply(override, target, args) as unknown
        return undefined
      }
    },
  })
  return { handler: handler as T, calls }
}

function show(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString('hex')
  if (value instanceof Error) return 'code' in value ? String(value.code) : value.message
  return typeof value === 'string' ? value : JSON.stringify(value)
}
