from whitenoise.storage import CompressedManifestStaticFilesStorage


class PanelStaticFiles(CompressedManifestStaticFilesStorage):
    """Files named by their content, so that a browser may keep them for ever; imports between scripts included."""

    support_js_module_import_aggregation = True
