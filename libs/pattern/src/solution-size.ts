type Node = Readonly<Record<string, unknown>>;

/** Characters of the cell that growth is reckoned for, and of the longest text that may come of it, in between or at the end. */
const CELL = 1_000;
const LONGEST = 1_000 * CELL;
/** What no number, date or truth value is longer than. */
const SCALAR = 64;
/** Longest text that is padded to (see `checkSolution`). */
const PADDING = 1_000;
/** Lambdas within each other; the library has one. */
const DEEPEST = 3;

/** The sizes of the variables of lambdas, and what was reckoned with them. */
interface Scope {
  readonly variables: ReadonlyMap<string, number>;
  readonly depth: number;
  readonly known: Map<Node, number>;
}

/**
 * Whether an allowed expression (its syntax tree) may make texts over a thousand times as long as its cell: twenty calls of `hex`, each within the other, make
 * a million of each character. A bound from above, over every part of the expression.
 */
export function growsTooLong(expression: Node): boolean {
  return !(sizeOf(expression, { variables: new Map(), depth: 0, known: new Map() }) <= LONGEST);
}

/** Characters at most, Infinity where a part of it passes the bound: of a text, or of all elements of a list together. */
function sizeOf(node: Node, scope: Scope): number {
  const known = scope.known.get(node);
  if (known !== undefined) return known;
  const made = ownSize(node, scope);
  const size = made <= LONGEST ? made : Infinity;
  scope.known.set(node, size);
  return size;
}

function ownSize(node: Node, scope: Scope): number {
  const of = (child: unknown): number => (isNode(child) ? sizeOf(child, scope) : 0);
  // Also where only a truth value or a number comes of them, the parts are made.
  const within = (children: readonly unknown[], size: number): number => (children.every((child) => of(child) <= LONGEST) ? size : Infinity);
  const list = (name: string): readonly unknown[] => (Array.isArray(node[name]) ? (node[name] as unknown[]) : []);
  switch (node['class']) {
    case 'CONSTANT':
      return Math.max(textOf(node)?.length ?? 0, SCALAR);
    case 'COLUMN_REF':
      return scope.variables.get(String((node['column_names'] as unknown[])[0])) ?? CELL;
    case 'CAST': {
      const child = node['child'] as Node;
      const type = (node['cast_type'] as Node)['id'];
      if (type === 'BLOB') return of(child);
      // Bytes are written as \xFF.
      return within([child], type === 'VARCHAR' ? of(child) * (child['class'] === 'CAST' || child['class'] === 'FUNCTION' ? 4 : 1) : SCALAR);
    }
    case 'CASE': {
      const checks = list('case_checks') as Node[];
      const made = [...checks.map((check) => check['then_expr']), node['else_expr']].map(of);
      return within(
        checks.map((check) => check['when_expr']),
        Math.max(...made),
      );
    }
    case 'OPERATOR':
      return String(node['type']).startsWith('COMPARE_') ? within(list('children'), SCALAR) : Math.max(...list('children').map(of), SCALAR);
    case 'FUNCTION':
      return madeBy(node, scope, of);
    default:
      return within([node['left'], node['right'], node['input'], node['lower'], node['upper'], ...list('children')], SCALAR);
  }
}

function madeBy(node: Node, { variables, depth }: Scope, of: (child: unknown) => number): number {
  const children = (node['children'] as Node[]) ?? [];
  const [first, second, third] = children;
  const sizes = children.map((child) => (child['class'] === 'LAMBDA' ? 0 : of(child)));
  const [a = 0, b = 0, c = 0] = sizes;
  if (sizes.includes(Infinity)) return Infinity;
  const text = (child: Node | undefined, size: number): number => textOf(child)?.length ?? size;
  switch (String(node['function_name']).toLowerCase()) {
    case 'hex':
      return 2 * a;
    case 'replace':
      return a * Math.max(1, text(third, c) / Math.max(1, text(second, 1)));
    case 'regexp_replace': {
      const to = textOf(third) ?? '';
      const groups = third?.['class'] === 'CONSTANT' ? (to.match(/\\\d/g)?.length ?? 0) : c;
      return a * Math.max(1, groups) + (children.length > 3 ? a + 1 : 1) * (third?.['class'] === 'CONSTANT' ? to.length - 2 * groups : c);
    }
    case 'lpad':
      return a + PADDING + deepest(second, of);
    case 'array_to_string':
      return a + (a + 1) * text(second, b);
    case 'concat_ws':
      return sizes.reduce((sum, size) => sum + size + text(first, a), 0);
    case 'strftime':
      return SCALAR + 10 * sizes.reduce((sum, size) => sum + size, 0);
    case 'list_transform': {
      const lambda = second as Node;
      const name = String(((lambda['lhs'] as Node)['column_names'] as unknown[])[0]);
      const elements = first?.['function_name'] === 'list_value' ? (first['children'] as unknown[]).length : a + 1;
      if (depth >= DEEPEST) return Infinity;
      const made = (size: number): number =>
        sizeOf(lambda['expr'] as Node, { variables: new Map([...variables, [name, size]]), depth: depth + 1, known: new Map() });
      // What grows with an element grows with all of them together; what comes anyhow comes for each.
      return made(a) + elements * made(0);
    }
    case 'unhex':
      return Math.max(a / 2, SCALAR);
    case 'printf':
      // %02x of a character
      return 6;
    case 'length':
    case 'unicode':
    case 'ord':
    case 'chr':
      return SCALAR;
    case '||':
    case 'concat':
    case 'list_value':
      return children.reduce((sum, child, at) => sum + text(child, sizes[at] ?? 0), 0);
    default:
      return Math.max(...sizes, SCALAR);
  }
}

/** The longest text anywhere within: the length of one may be what is padded to. */
function deepest(node: unknown, of: (child: unknown) => number): number {
  if (!isNode(node)) return 0;
  const below = [node['child'], ...(Array.isArray(node['children']) ? (node['children'] as unknown[]) : [])].map((child) => deepest(child, of));
  return Math.max(of(node), ...below);
}

function textOf(node: Node | undefined): string | undefined {
  const content = node?.['class'] === 'CONSTANT' ? (node['value'] as Node)['value'] : undefined;
  return typeof content === 'string' ? content : undefined;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
