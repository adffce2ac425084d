"""Every recipe there is, by name."""

from dgmlib.checkpoints import (
    diffusion_recipes,
    gan_recipes,
    plane_recipes,
    score_recipes,
    vae_recipes,
)
from dgmlib.checkpoints.recipe import Recipe

RECIPES: dict[str, Recipe] = {
    **vae_recipes.RECIPES,
    **gan_recipes.RECIPES,
    **diffusion_recipes.RECIPES,
    **plane_recipes.RECIPES,
    **score_recipes.RECIPES,
}
