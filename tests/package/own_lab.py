"""A lab of the test's own, made by this machine's programs."""
import os
import subprocess

COMMAND = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), 'scripts/lab')


class OwnLab:
    def __init__(self, prefix, name):
        """prefix: two letters of its namespaces; name: of its folder."""
        os.environ['ASSAY_LAB_PREFIX'] = '%s%d' % (prefix, os.getpid())
        os.environ['ASSAY_LAB_DIR'] = '/run/assay-%s-%d' % (name, os.getpid())
        subprocess.run([COMMAND, 'up'], check=True, capture_output=True)

    def down(self):
        subprocess.run([COMMAND, 'down'], capture_output=True)
