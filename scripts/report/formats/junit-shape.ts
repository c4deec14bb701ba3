import { create } from 'xmlbuilder2';

/** An element of an XML document. */
export interface Parsed {
  name: string;
  attributes: Record<string, string>;
  /** Of its own, without that of its children. */
  text: string;
  children: Parsed[];
}

interface XmlNode {
  nodeType: number;
  nodeName: string;
  nodeValue: string | null;
  childNodes: Iterable<XmlNode>;
  attributes?: Iterable<{ name: string; value: string }>;
}

/** Reads XML with a parser, which refuses what is not well formed. */
export function parsed(xml: string): Parsed {
  const read = ({ nodeName, attributes = [], childNodes }: XmlNode): Parsed => {
    const children = [...childNodes];
    return {
      name: nodeName,
      attributes: Object.fromEntries([...attributes].map(({ name, value }) => [name, value])),
      text: children
        .filter(({ nodeType }) => nodeType === 3)
        .map(({ nodeValue }) => nodeValue)
        .join(''),
      children: children.filter(({ nodeType }) => nodeType === 1).map(read),
    };
  };
  return read(create(xml).root().node as unknown as XmlNode);
}

/**
 * What the schemas of JUnit's readers (Ant's, Jenkins') have in common: attributes that must be, and children in order.
 */
const shape: Readonly<Record<string, { attributes: readonly string[]; children: readonly string[] }>> = {
  testsuites: { attributes: ['tests', 'failures', 'errors', 'time'], children: ['testsuite'] },
  testsuite: {
    attributes: ['name', 'tests', 'failures', 'errors', 'skipped', 'time', 'timestamp', 'hostname'],
    children: ['properties', 'testcase', 'system-out', 'system-err'],
  },
  properties: { attributes: [], children: ['property'] },
  property: { attributes: ['name', 'value'], children: [] },
  testcase: {
    attributes: ['name', 'classname', 'time'],
    children: ['properties', 'skipped', 'error', 'failure', 'system-out', 'system-err'],
  },
  skipped: { attributes: ['message'], children: [] },
  error: { attributes: ['message', 'type'], children: [] },
  failure: { attributes: ['message', 'type'], children: [] },
  'system-out': { attributes: [], children: [] },
};

const formats: Readonly<Record<string, RegExp>> = {
  ...Object.fromEntries(['tests', 'failures', 'errors', 'skipped'].map((name) => [name, /^\d+$/])),
  time: /^\d+\.\d{3}$/,
  timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/,
};

/** Returns where a JUnit file is not what its readers expect: shape, order, formats, and counts that do not add up. */
export function shapeProblems(element: Parsed, path = element.name): string[] {
  const expected = shape[element.name];
  if (!expected) return [`${path}: is not known`];
  const { attributes, children } = element;
  const order = children.map(({ name }) => expected.children.indexOf(name));
  return [
    ...expected.attributes.filter((name) => attributes[name] === undefined).map((name) => `${path}: has no ${name}`),
    ...Object.entries(attributes).flatMap(([name, value]) =>
      formats[name]?.test(value) === false ? [`${path}: ${name} is ${value}`] : [],
    ),
    ...(order.some((place, index) => place < (order[index - 1] ?? 0)) ? [`${path}: children in another order`] : []),
    ...countProblems(element, path),
    ...children.flatMap((child, index) => shapeProblems(child, `${path}/${child.name}[${index}]`)),
  ];
}

function countProblems(element: Parsed, path: string): string[] {
  const cases = allCases(element);
  const having = (name: string) => cases.filter(({ children }) => children.some((child) => child.name === name)).length;
  const counts = {
    tests: cases.length,
    failures: having('failure'),
    errors: having('error'),
    skipped: having('skipped'),
  };
  if (!element.name.startsWith('testsuite')) return [];
  return Object.entries(counts)
    .filter(([name, count]) => Number(element.attributes[name]) !== count)
    .map(([name, count]) => `${path}: ${name} is ${element.attributes[name]}, counted ${count}`);
}

function allCases(element: Parsed): Parsed[] {
  return element.name === 'testcase' ? [element] : element.children.flatMap(allCases);
}
