/**
 * Checks a value against the part of JSON Schema (draft 7) that docs/events.schema.json uses; any other keyword is an
 * error, so that nothing in the schema goes unchecked.
 */

export type Schema = Readonly<Record<string, unknown>>

const NOTES = new Set(['$schema', 'title', 'description', 'definitions'])

/** @returns what does not fit, one sentence each; empty when it fits */
export function schemaErrors(root: Schema, value: unknown, schema: Schema = root, at = '$'): string[] {
  return Object.entries(schema).flatMap(([keyword, wanted]) => {
    if (NOTES.has(keyword)) return []
    const check = CHECKS[keyword]
    return check === undefined
      ? [`the schema has an unknown keyword: ${keyword}`]
      : check({ root, schema, wanted, value, at })
  })
}

interface Call {
  readonly root: Schema
  readonly schema: Schema
  readonly wanted: unknown
  readonly value: unknown
  readonly at: string
}

const CHECKS: Readonly<Record<string, (call: Call) => string[]>> = {
  $ref({ root, wanted, value, at }) {
    const name = String(wanted).replace('#/definitions/', '')
    const target = (root['definitions'] as Record<string, Schema>)[name]
    return target === undefined ? [`no definition ${name}`] : schemaErrors(root, value, target, at)
  },
  oneOf({ root, wanted, value, at }) {
    const results = (wanted as Schema[]).map((schema) => schemaErrors(root, value, schema, at))
    const fitting = results.filter((errors) => errors.length === 0).length
    if (fitting === 1) return []
    const closest = results.toSorted((a, b) => a.length - b.length)[0] ?? []
    return [`${at} fits ${fitting} of the kinds; closest: ${closest.join('; ')}`]
  },
  type({ wanted, value, at }) {
    const actual = Array.isArray(value) ? 'array' : typeof value
    const fits = wanted === 'integer' ? Number.isSafeInteger(value) : actual === wanted
    return fits ? [] : [`${at} is not a ${String(wanted)}`]
  },
  const: ({ wanted, value, at }) => (value === wanted ? [] : [`${at} is not ${JSON.stringify(wanted)}`]),
  enum: ({ wanted, value, at }) =>
    (wanted as unknown[]).includes(value) ? [] : [`${at} is not one of ${JSON.stringify(wanted)}`],
  minimum: ({ wanted, value, at }) =>
    Number(value) >= Number(wanted) ? [] : [`${at} is below ${String(wanted)}`],
  pattern: ({ wanted, value, at }) =>
    new RegExp(String(wanted), 'u').test(String(value)) ? [] : [`${at} does not match ${String(wanted)}`],
  required: ({ wanted, value, at }) =>
    (wanted as string[]).filter((key) => !(key in Object(value))).map((key) => `${at} lacks ${key}`),
  properties: ({ root, wanted, value, at }) =>
    Object.entries(wanted as Record<string, Schema>).flatMap(([key, schema]) => {
      const property = (value as Record<string, unknown>)[key]
      return property === undefined ? [] : schemaErrors(root, property, schema, `${at}.${key}`)
    }),
  additionalProperties({ schema, value, at }) {
    const known = Object.keys(schema['properties'] as object)
    return Object.keys(value as object)
      .filter((key) => !known.includes(key))
      .map((key) => `${at} has an unknown property ${key}`)
  },
  items: ({ root, wanted, value, at }) =>
    (value as unknown[]).flatMap((item, i) => schemaErrors(root, item, wanted as Schema, `${at}[${i}]`)),
}
