/** Returns whether a text is an RFC 1123 label: up to 63 lower-case letters, digits and hyphens, no hyphen at the ends. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text);
}

/**
 * Returns whether a text is an RFC 1123 subdomain, which most Kubernetes names must be: labels joined by dots, up to
 * 253 characters.
 */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(text);
}

/** Returns whether a text can be the value of a Kubernetes label. */
export function isLabelValue(text: string): boolean {
  return text.length <= 63 && /^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/.test(text);
}
