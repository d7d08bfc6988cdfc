"""What lies on disk: run folders, checkpoints, weights for PyTorch, bundled pretrained models."""
