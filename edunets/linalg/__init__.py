"Linear algebra: PyTorch's `torch.linalg`."
