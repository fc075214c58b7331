"""A gate for container images in CI, judged by the image build risks of Security Center."""

__version__ = "0.1.0"
ADDRESS = "https://github.com/owner/buildrisk-gate"
