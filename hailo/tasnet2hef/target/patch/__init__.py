"""Small repairs of foreign ONNX graphs, one file each, with its reason; exports of tasnet2hef need none."""

from tasnet2hef.target.patch.patch import AppliedPatch, Patch, PatchReport, all_patches, patch_file

__all__ = ["AppliedPatch", "Patch", "PatchReport", "all_patches", "patch_file"]
