/**
 * docs/events.schema.json, made strict for our own output: a field or a type that is not in it is a typo of ours, while
 * readers are told to ignore it.
 */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'

export type Event = Readonly<Record<string, unknown>>
type Schema = Record<string, unknown>

/** From dist/test/support up to the root. */
const SCHEMA_FILE = new URL('../../../docs/events.schema.json', import.meta.url)
/** Used as a whole, not as a part of others: nothing but what they name may be in them. */
const CLOSED = ['peerCounts', 'sourceCounts', 'finalResult', 'closedResult']

/** The types of version 1, as the schema lists them. */
export function eventTypes(): string[] {
  return (readSchema()['oneOf'] as { $ref: string }[])
    .map(({ $ref }) => nameOf($ref))
    .filter((name) => name !== 'later')
}

/** @returns what does not fit, for people; empty when it fits */
export function eventErrors(event: Event): string[] {
  const type = String(event['type'])
  return eventTypes().includes(type) ? errorsOf(strict, type, event) : [`unknown type ${type}`]
}

/** The same for the standard input of a hook: a result as the `exit` event has it, without its hook. */
export function resultErrors(result: Event): string[] {
  return errorsOf(strict, 'closedResult', result)
}

/** As a reader would check it: with the schema as it is. */
export function readerErrors(event: Event): string[] {
  const validate = open.getSchema('events')
  return validate?.(event) === true ? [] : [open.errorsText(validate?.errors)]
}

/** Reads what `--json` printed and checks each line. @throws where one does not fit */
export function readEvents(stdout: string): Event[] {
  if (!stdout.endsWith('\n')) throw new Error(`the last line has no end: ${stdout.slice(-100)}`)
  return stdout
    .slice(0, -1)
    .split('\n')
    .map((line) => {
      const event = JSON.parse(line) as Event
      const errors = eventErrors(event)
      if (errors.length > 0) throw new Error(`${line}\n${errors.join('\n')}`)
      return event
    })
}

function errorsOf(ajv: Ajv2020, name: string, value: Event): string[] {
  const validate = ajv.getSchema(`events#/$defs/${name}`)
  if (validate === undefined) throw new Error(`the schema has no ${name}`)
  if (validate(value) === true) return []
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    return `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`
  })
}

function readSchema(): Schema {
  return JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')) as Schema
}

/** `peerCounts` and the like refuse other fields where they are referred to; so does each event. */
function makeStrict(schema: Schema): Schema {
  const definitions = schema['$defs'] as Record<string, Schema>
  definitions['closedResult'] = { allOf: [{ $ref: '#/$defs/result' }] }
  for (const name of [...CLOSED, ...eventTypes()]) {
    const definition = definitions[name]
    if (definition === undefined) throw new Error(`the schema has no ${name}`)
    definition['unevaluatedProperties'] = false
  }
  // It is a part of the `hook` event, too.
  const { hook } = definitions['finalResult']?.['properties'] as Record<string, Schema>
  if (hook === undefined) throw new Error('a result has no hook')
  hook['unevaluatedProperties'] = false
  return { ...schema, $defs: { ...definitions, later: false, laterWord: false } }
}

function compile(schema: Schema): Ajv2020 {
  // strictTypes and strictRequired do not look across allOf.
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false })
  ajv.addSchema(schema, 'events')
  return ajv
}

function nameOf(ref: string): string {
  return ref.replace('#/$defs/', '')
}

const strict = compile(makeStrict(readSchema()))
const open = compile(readSchema())
