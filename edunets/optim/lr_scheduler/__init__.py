"Schedules of the learning rate, under the names of `torch.optim.lr_scheduler`."
from edunets.optim.lr_scheduler.schedules import (ConstantLR, CosineAnnealingLR, ExponentialLR, LambdaLR, LinearLR,
                                                  LRScheduler, MultiplicativeLR, MultiStepLR, PolynomialLR,
                                                  ReduceLROnPlateau, StepLR)
from edunets.optim.lr_scheduler.cycles import (ChainedScheduler, CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR,
                                               SequentialLR)
