"""CloudFront on loopback: what the deployed distribution says, done on this machine.

It holds no configuration of its own. The distribution, its policies, its function and its keys are
read from the emulator's CloudFront API, so that the template and this edge cannot drift apart. What
a distribution uses and this edge does not know is an error at start.

Three things differ from CloudFront on purpose. There is no TLS on loopback, so the viewer protocol
policy is not enforced. An answer to HEAD is not kept, and an expired entry is fetched anew instead
of being validated.
"""
