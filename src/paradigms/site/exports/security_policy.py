"""What a browser may load and run on a page of the site: its Content-Security-Policy.

Every page has it as a meta element, for hosts that set no headers. `_headers` in the
built site is read by Netlify and Cloudflare Pages.
"""

_POLICY = {
    "default-src": "'none'",
    # No inline script. WebAssembly is for Python on the whiteboard.
    "script-src": "'self' 'wasm-unsafe-eval'",
    # Our drawings and Material's tabs have style attributes, notebooks style elements.
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",  # the icons in Material's style sheets
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
# Browsers ignore it in a meta element.
_FRAMES = {"frame-ancestors": "'none'"}


def policy(*, header: bool) -> str:
    """The policy in one line, for the header or for the meta element."""
    directives = {**_POLICY, **_FRAMES} if header else _POLICY
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def headers_file() -> str:
    """The content of `_headers`: the policy for every address of the host."""
    return (
        f"/*\n  Content-Security-Policy: {policy(header=True)}\n"
        "  X-Content-Type-Options: nosniff\n"
    )
