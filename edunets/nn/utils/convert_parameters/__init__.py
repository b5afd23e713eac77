"Under the names of `torch.nn.utils.convert_parameters`."
from edunets.nn.utilities import parameters_to_vector, vector_to_parameters
