"""CloudFront on loopback: what the deployed distribution says, done on this machine.

It holds no configuration of its own. The distribution, its policies, its function and its keys are
read from the emulator's CloudFront API, so that the template and this edge cannot drift apart. What
a distribution uses and this edge does not know is an error at start.

This differs from CloudFront on purpose: there is no TLS on loopback, so the viewer protocol policy
is not enforced. Answers to HEAD, parts of files, and files of more than 8 MB come from the origin
each time. What has expired is not served any more when the origin fails.
"""
