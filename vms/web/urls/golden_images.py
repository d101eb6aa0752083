"""Golden images. Part of the addresses of machines: a button's address is named after its action."""

from django.urls import path

from vms.web.views import golden_images

urlpatterns = [
    path("vms/<machine:uuid>/dynamic/", golden_images.make, name="make_golden_image"),
    path("vms/<machine:uuid>/seal/", golden_images.seal, name="seal_image"),
    path("vms/<machine:uuid>/activate/", golden_images.put_in_use, name="activate_image"),
    path("vms/<machine:uuid>/release/", golden_images.release, name="release_image"),
]
