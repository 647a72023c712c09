/** The first rows of a CSV text, as records; quoted fields may hold commas, quotes and line ends. */
export function csvRows(text: string, limit: number): Record<string, string>[] {
  const lines: string[][] = [];
  let line: string[] = [];
  let field = "";
  let quoted = false;
  const endField = () => {
    line.push(field);
    field = "";
  };
  for (let at = 0; at <= text.length && lines.length <= limit; at++) {
    const sign = text[at];
    if (quoted && sign !== undefined) {
      if (sign !== '"') field += sign;
      else if (text[at + 1] === '"') field += text[at++];
      else quoted = false;
    } else if (sign === '"') quoted = true;
    else if (sign === ",") endField();
    else if (sign === "\n" || sign === undefined) {
      endField();
      if (line.length > 1 || line[0] !== "") lines.push(line);
      line = [];
    } else if (sign !== "\r") field += sign;
  }
  const [head = [], ...rows] = lines;
  return rows.slice(0, limit).map((row) => Object.fromEntries(head.map((name, place) => [name, row[place] ?? ""])));
}
